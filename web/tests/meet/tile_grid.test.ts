import { describe, expect, it } from 'vitest';
import { bestGrid, MIN_TILE_WIDTH } from '../../meet/tile_grid';

const GAP = 12;

describe('the grid of tiles', () => {
  it.each([
    [1, 1248, 560, 1],
    [2, 1248, 560, 2],
    [4, 1248, 560, 2],
    [9, 1248, 560, 3],
    [2, 374, 640, 1],
    [4, 374, 640, 2],
    [3, 1888, 900, 2],
  ])('puts %i people on %i x %i in %i columns', (count, width, height, columns) => {
    expect(bestGrid(count, width, height, GAP).columns).toBe(columns);
  });

  it('always fits, and never shows wallpaper or cuts faces', () => {
    for (const [width, height] of [[344, 560], [374, 640], [900, 360], [1248, 560], [1888, 900]] as const) {
      for (let count = 1; count <= 6; count += 1) {
        const grid = bestGrid(count, width, height, GAP);
        const rows = Math.ceil(count / grid.columns);
        expect(grid.columns * (grid.width + GAP) - GAP).toBeLessThanOrEqual(width);
        expect(rows * (grid.height + GAP) - GAP).toBeLessThanOrEqual(height);
        expect(grid.width / grid.height).toBeLessThanOrEqual(16 / 9 + 0.02);
        expect(grid.width / grid.height).toBeGreaterThanOrEqual(3 / 4 - 0.02);
      }
    }
  });

  it('scrolls rather than showing faces too small to read', () => {
    const grid = bestGrid(60, 360, 600, GAP);
    expect(grid.width).toBeGreaterThanOrEqual(MIN_TILE_WIDTH);
    expect(grid.columns * (grid.width + GAP) - GAP).toBeLessThanOrEqual(360);
  });

  it('stands a window without any room', () => {
    expect(bestGrid(3, 0, 0, GAP)).toMatchObject({ width: 0, height: 0 });
    expect(bestGrid(0, 800, 600, GAP).width).toBeGreaterThanOrEqual(0);
  });
});
