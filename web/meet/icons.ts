// The icons of the page: strokes on a 24 x 24 grid, in the colour of the text around them.

const PATHS = {
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v2.500',
  microphoneOff: 'M15 9.500v-3a3 3 0 0 0-5.600-1.500M9 9v2.500a3 3 0 0 0 4.500 2.600M5.500 11.500a6.500 6.500 0 0 0 10.300 5.300M18.500 11.500c0 1-.2 1.900-.6 2.700M12 18v2.500M4 4l16 16',
  camera: 'M4.500 6.500h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM15.500 10.800l4.400-2.700a.9.9 0 0 1 1.400.8v6.200a.9.9 0 0 1-1.400.8l-4.400-2.700',
  cameraOff: 'M9 6.500h4.500a2 2 0 0 1 2 2V13M15.500 15.500a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2H6M15.500 10.800l4.400-2.700a.9.9 0 0 1 1.400.8v6.200M4 4l16 16',
  screen: 'M4.500 4.500h15a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-15a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM8.500 20h7M12 13.500v-6M9.300 10l2.700-2.700 2.700 2.700',
  leave: 'M3.200 13.700c-.8-.9-.8-2.200 0-3.100 4.900-4.700 12.700-4.700 17.600 0 .8.900.8 2.200 0 3.100l-1 1a1.400 1.400 0 0 1-1.700.2l-2.200-1.300a1.400 1.400 0 0 1-.7-1.200v-1.700a10.500 10.500 0 0 0-6.400 0v1.700c0 .5-.3 1-.7 1.200l-2.200 1.300a1.400 1.400 0 0 1-1.700-.2z',
  people: 'M9 11a3.300 3.300 0 1 0 0-6.600A3.300 3.300 0 0 0 9 11zM2.800 19.500a6.200 6.200 0 0 1 12.400 0M15.800 4.800a3.300 3.300 0 0 1 0 5.900M17.600 14a6.200 6.200 0 0 1 3.600 5.500',
  sound: 'M4 9.500h3.200L12 5.500v13l-4.800-4H4zM15.500 9a4.200 4.200 0 0 1 0 6M18 6.500a7.800 7.800 0 0 1 0 11',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  warning: 'M12 4.200l8.800 15.300H3.200zM12 10v4M12 16.900v.1',
  door: 'M14 4.500h4a1.500 1.500 0 0 1 1.500 1.500v12a1.500 1.500 0 0 1-1.500 1.500h-4M4.500 12h10M11 8.500l3.500 3.500-3.500 3.500',
} as const;

export type IconName = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

/** Draws an icon. It is decoration: the words next to it, or the label of its button, say what it means. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
