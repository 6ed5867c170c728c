'use strict';

/** Light, dark, or as the system has it. The choice stays in the browser. This runs before anything is drawn. */
const Theme = {
  key: 'pinion-theme',
  names: { auto: 'Theme: automatic', light: 'Theme: light', dark: 'Theme: dark' },
  system: window.matchMedia('(prefers-color-scheme: dark)'),
  choice: 'auto',

  /** Called after the colours have changed. */
  listeners: [],

  start() {
    try {
      Theme.choice = Object.keys(Theme.names).find((name) => name === localStorage.getItem(Theme.key)) ?? 'auto';
    } catch {
      // Storage may be forbidden, for example for files.
    }

    Theme.apply(Theme.choice);
    Theme.system.addEventListener('change', () => Theme.apply(Theme.choice));

    // Paper is white.
    window.addEventListener('beforeprint', () => Theme.apply('light'));
    window.addEventListener('afterprint', () => Theme.apply(Theme.choice));
  },

  apply(choice) {
    document.documentElement.dataset.theme = choice === 'auto' ? (Theme.system.matches ? 'dark' : 'light') : choice;
    Theme.listeners.forEach((listener) => listener());
  },

  /** Goes from one choice to the next. */
  next() {
    const names = Object.keys(Theme.names);
    Theme.choice = names[(names.indexOf(Theme.choice) + 1) % names.length];
    Theme.apply(Theme.choice);
    try {
      localStorage.setItem(Theme.key, Theme.choice);
    } catch {
      // It holds until the page is closed.
    }
  },

  /** The colours of a scale, `--NAME-0` and so on, as numbers. */
  scale(name) {
    const style = getComputedStyle(document.documentElement);
    const colours = [];
    for (let value = style.getPropertyValue(`--${name}-0`).trim(); value !== ''; value = style.getPropertyValue(`--${name}-${colours.length}`).trim()) {
      colours.push([1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16)));
    }

    return colours;
  },

  /** The colour of a scale at `share`, 0 to 1. */
  mix(scale, share) {
    const position = Math.min(1, Math.max(0, share)) * (scale.length - 1);
    const index = Math.min(scale.length - 2, Math.floor(position));
    return scale[index].map((from, channel) => Math.round(from + (scale[index + 1][channel] - from) * (position - index)));
  },

  rgb([red, green, blue]) {
    return `rgb(${red} ${green} ${blue})`;
  },

  /** Black or white, whichever is easier to read on a colour. */
  inkOn(colour) {
    const [red, green, blue] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff';
  },
};

Theme.start();
