'use strict';

/**
 * The numbers of the page. Packed they are base64 of a raw deflate stream: the size of a JSON object (4 bytes, little-endian), that object, and behind it the columns of the tables it describes.
 */
const Data = {
  /** Unpacks the numbers: the JSON object, with `table`: for each name of a table an object of columns, and `rows`. */
  async load() {
    const packed = atob(document.getElementById('data').textContent);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) {
      bytes[i] = packed.charCodeAt(i);
    }

    const inflated = new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).arrayBuffer());
    return Data.parse(inflated);
  },

  /** True where the browser can unpack. */
  get isSupported() {
    return typeof DecompressionStream === 'function';
  },

  parse(bytes) {
    const size = new DataView(bytes.buffer).getInt32(0, true);
    const report = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    let at = 4 + size;
    report.table = {};
    for (const { name, rows, keys, columns } of report.tables) {
      const table = { rows };
      columns.forEach((column, index) => {
        const values = new Float64Array(rows);
        at = Data.readColumn(bytes, at, values, index < keys);
        table[column] = values;
      });
      report.table[name] = table;
    }

    return report;
  },

  /** Fills `values` with LEB128 numbers from `at` on; those of a key column are distances, with the sign in bit 0. Answers where they end. */
  readColumn(bytes, at, values, isKey) {
    let last = 0;
    for (let row = 0; row < values.length; row++) {
      let value = 0;
      let scale = 1;
      let byte = bytes[at++];
      while (byte >= 0x80) {
        value += (byte - 0x80) * scale;
        scale *= 0x80;
        byte = bytes[at++];
      }

      value += byte * scale;
      if (isKey) {
        last += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
        value = last;
      }

      values[row] = value;
    }

    return at;
  },
};
