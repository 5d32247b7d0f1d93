// The icons of the page: strokes on a 24 x 24 grid, in the colour of the text around them.

const PATHS = {
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5',
  microphoneOff: 'M15 9.5v-3a3 3 0 0 0-5.6-1.5M9 9v2.5a3 3 0 0 0 4.5 2.6M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5c0 1-.2 1.9-.6 2.7M12 18v2.5M4 4l16 16',
  camera: 'M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM15.5 10.8l4.4-2.7a.9.9 0 0 1 1.4.8v6.2a.9.9 0 0 1-1.4.8l-4.4-2.7',
  cameraOff: 'M9 6.5h4.5a2 2 0 0 1 2 2V13M15.5 15.5a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2H6M15.5 10.8l4.4-2.7a.9.9 0 0 1 1.4.8v6.2M4 4l16 16',
  screen: 'M4.5 4.5h15a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-15a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM8.5 20h7M12 13.5v-6M9.3 10l2.7-2.7 2.7 2.7',
  leave: 'M3.2 13.7c-.8-.9-.8-2.2 0-3.1 4.9-4.7 12.7-4.7 17.6 0 .8.9.8 2.2 0 3.1l-1 1a1.4 1.4 0 0 1-1.7.2l-2.2-1.3a1.4 1.4 0 0 1-.7-1.2v-1.7a10.5 10.5 0 0 0-6.4 0v1.7c0 .5-.3 1-.7 1.2l-2.2 1.3a1.4 1.4 0 0 1-1.7-.2z',
  people: 'M9 11a3.3 3.3 0 1 0 0-6.6A3.3 3.3 0 0 0 9 11zM2.8 19.5a6.2 6.2 0 0 1 12.4 0M15.8 4.8a3.3 3.3 0 0 1 0 5.9M17.6 14a6.2 6.2 0 0 1 3.6 5.5',
  sound: 'M4 9.5h3.2L12 5.5v13l-4.8-4H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  warning: 'M12 4.2l8.8 15.3H3.2zM12 10v4M12 16.9v.1',
  door: 'M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4M9.5 12h10M16 8.5l3.5 3.5-3.5 3.5',
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
