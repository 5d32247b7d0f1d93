// How many columns, and how large each tile, so that the faces are as large as they can be. Pure.

export interface GridShape {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

// Wider than a camera's picture shows wallpaper. Narrower cuts its sides off, which only an upright phone is worth.
const WIDEST = 16 / 9;
const NARROWEST = { landscape: 4 / 3, portrait: 3 / 4 };
// Below this a face cannot be read; the grid scrolls instead.
export const MIN_TILE_WIDTH = 140;

/** Returns the best grid for `count` tiles in `width` x `height` CSS pixels with `gap` between tiles. */
export function bestGrid(count: number, width: number, height: number, gap: number): GridShape {
  let best: GridShape = { columns: 1, width: 0, height: 0 };
  const narrowest = width >= height ? NARROWEST.landscape : NARROWEST.portrait;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const shape = fit(columns, narrowest, (width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows);
    if (shape.width * shape.height > best.width * best.height) best = shape;
  }
  return best.width >= Math.min(MIN_TILE_WIDTH, width) ? best : scrolling(width, gap);
}

function fit(columns: number, narrowest: number, width: number, height: number): GridShape {
  if (width <= 0 || height <= 0) return { columns, width: 0, height: 0 };
  const tileWidth = Math.min(width, height * WIDEST);
  return { columns, width: Math.floor(tileWidth), height: Math.floor(Math.min(height, tileWidth / narrowest)) };
}

function scrolling(width: number, gap: number): GridShape {
  const columns = Math.max(1, Math.floor((width + gap) / (MIN_TILE_WIDTH + gap)));
  const tile = Math.floor((width - gap * (columns - 1)) / columns);
  return { columns, width: Math.max(0, tile), height: Math.max(0, Math.floor(tile / (4 / 3))) };
}
