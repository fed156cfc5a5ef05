// The schematic map: one dot for each synthetic resident, painted pixel by pixel, so that a day takes one frame.
const NEVER = 65535;

// State of the dots, from least to most: calm, followed, listed
export const CALM = 0, FOLLOWED = 1, LISTED = 2;

// Take the bytes of the server apart: places, and for two worlds the days listed and first followed.
export function unpack(buffer) {
  const n = buffer.byteLength / 16;
  const x = new Float32Array(buffer, 0, n), y = new Float32Array(buffer, 4 * n, n);
  const days = (k) => {
    const found = new Uint16Array(buffer, 8 * n + 2 * n * k, n);
    for (let i = 0; i < n; i++) if (found[i] === 0) found[i] = NEVER;
    return found;
  };
  return { n, x, y, worlds: [{ listed: days(0), followed: days(1) }, { listed: days(2), followed: days(3) }] };
}

export function counts(town, world, day) {
  const { listed, followed } = town.worlds[world];
  const found = [0, 0, 0];
  for (let i = 0; i < town.n; i++) found[listed[i] <= day ? LISTED : followed[i] <= day ? FOLLOWED : CALM]++;
  return found;
}

export function stateOf(town, world, who, day) {
  const { listed, followed } = town.worlds[world];
  return listed[who] <= day ? LISTED : followed[who] <= day ? FOLLOWED : CALM;
}

export class Dots {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.town = null;
  }

  // Put every resident onto its pixel for the size the canvas has now.
  fit(town) {
    this.town = town;
    const side = Math.max(200, Math.round(this.canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1)));
    this.canvas.width = this.canvas.height = side;
    this.side = side;
    this.image = this.context.createImageData(side, side);
    this.pixels = new Uint32Array(this.image.data.buffer);
    const room = Math.sqrt((0.46 * side * side) / town.n);
    this.size = Math.max(1, Math.min(9, Math.floor(room)));
    const margin = 6, span = side - 2 * margin - this.size;
    this.at = new Int32Array(town.n);
    for (let i = 0; i < town.n; i++)
      this.at[i] = Math.round(margin + town.y[i] * span) * side + Math.round(margin + town.x[i] * span);
    this.marked = new Int32Array(town.n);
  }

  colours(found) {
    this.palette = found.map(packed);
  }

  square(at, size, colour) {
    const { pixels, side } = this;
    for (let row = at, last = at + size * side; row < last; row += side)
      for (let p = row; p < row + size; p++) pixels[p] = colour;
  }

  // Paint one day of one world; returns how many are calm, followed, listed.
  paint(world, day) {
    const { town, at, pixels, size, marked, side } = this;
    const { listed, followed } = town.worlds[world];
    const [paper, calm, seen, edge, core] = this.palette;
    pixels.fill(paper);
    let nListed = 0, nSeen = 0;
    for (let i = 0; i < town.n; i++) {
      if (listed[i] <= day) marked[nListed++] = at[i];
      else {
        const is = followed[i] <= day;
        if (is) nSeen++;
        if (size === 1) pixels[at[i]] = is ? seen : calm;
        else if (is) this.square(at[i], size, seen);
        else this.square(at[i], Math.max(1, size - 1), calm);
      }
    }
    // Listed: larger, and a ring when there is room, so that colour is not all that tells them apart
    const large = size > 2 ? size + 2 : size + 1, shift = size > 2 ? side + 1 : 0;
    for (let k = 0; k < nListed; k++) {
      const corner = marked[k] - shift;
      this.square(corner, large, edge);
      if (large > 4) this.square(corner + 2 * side + 2, large - 4, core);
    }
    this.context.putImageData(this.image, 0, 0);
    return [town.n - nListed - nSeen, nSeen, nListed];
  }

  // Paint who is better or worse off on that day in the second world than in the first.
  paintDifference(day) {
    const { town, at, pixels, size } = this;
    const [paper, calm, better, worse] = [this.palette[0], this.palette[1], this.palette[5], this.palette[6]];
    pixels.fill(paper);
    const found = [0, 0, 0];
    const [one, other] = town.worlds;
    for (let i = 0; i < town.n; i++) {
      const a = one.listed[i] <= day ? LISTED : one.followed[i] <= day ? FOLLOWED : CALM;
      const b = other.listed[i] <= day ? LISTED : other.followed[i] <= day ? FOLLOWED : CALM;
      if (a === b) {
        found[0]++;
        if (size === 1) pixels[at[i]] = calm;
        else this.square(at[i], Math.max(1, size - 1), calm);
      }
    }
    for (let i = 0; i < town.n; i++) {
      const a = one.listed[i] <= day ? LISTED : one.followed[i] <= day ? FOLLOWED : CALM;
      const b = other.listed[i] <= day ? LISTED : other.followed[i] <= day ? FOLLOWED : CALM;
      if (a === b) continue;
      found[b < a ? 1 : 2]++;
      this.square(at[i], b < a ? size : size + 1, b < a ? better : worse);
    }
    this.context.putImageData(this.image, 0, 0);
    return found;
  }

  // Ring the resident that was chosen.
  ring(who) {
    if (who === null) return;
    const x = (this.at[who] % this.side) + this.size / 2, y = Math.floor(this.at[who] / this.side) + this.size / 2;
    const context = this.context;
    for (const [width, colour] of [[6, this.paperColour], [3, this.ringColour]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, Math.max(9, this.size * 1.8), 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // Return the resident whose dot is nearest to a point of the canvas, in CSS pixels.
  nearest(left, top) {
    const scale = this.side / this.canvas.clientWidth;
    const x = left * scale - this.size / 2, y = top * scale - this.size / 2;
    let best = 0, least = Infinity;
    for (let i = 0; i < this.town.n; i++) {
      const dx = (this.at[i] % this.side) - x, dy = Math.floor(this.at[i] / this.side) - y;
      const far = dx * dx + dy * dy;
      if (far < least) [least, best] = [far, i];
    }
    return best;
  }
}

// "#rrggbb" as the four bytes of a pixel
function packed(colour) {
  const value = parseInt(colour.trim().slice(1), 16);
  const bytes = new Uint8Array([value >> 16, (value >> 8) & 255, value & 255, 255]);
  return new Uint32Array(bytes.buffer)[0];
}
