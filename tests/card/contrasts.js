/* The texts of a page whose contrast with what lies below them is less than a limit (WCAG 2.2). */
(least) => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((one, n) => one * a + below[n] * (1 - a));
  const known = new Map([[null, [255, 255, 255]]]);
  const below = (element) => {
    if (!known.has(element)) {
      const own = parse(getComputedStyle(element).backgroundColor);
      known.set(element, over(own, own[3] === 1 ? own : below(element.parentElement)));
    }
    return known.get(element);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || ["SCRIPT", "STYLE", "title"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const ground = below(element);
    const ink = over(parse(element.tagName === "text" ? style.fill : style.color), ground);
    const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < least) found.add(`${contrast.toFixed(2)} ${element.tagName} ${text}`);
  }
  return [...found].slice(0, 20);
}
