// Elements without `innerHTML`: whatever a string holds, it stays text.

/** `element("button", { class: "send", type: "button", onclick }, "Send")`; `null` children are left out. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const ICONS = {
  chat: "M12 3c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-.9 0-1.800-.1-2.600-.3L4.800 20.600c-.4.2-.8-.1-.7-.5l.7-3.900C3.700 14.800 3 12.800 3 10.700 3 6.400 7 3 12 3Z",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.500l6 6 6-6",
  back: "M14.500 5.500 8 12l6.500 6.500",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  send: "M12 19V5.500M5.800 11.500 12 5.200l6.200 6.300",
  person: "M12 11.500a3.700 3.700 0 1 0 0-7.400 3.700 3.700 0 0 0 0 7.400ZM4.800 20c.5-3.600 3.400-5.600 7.200-5.600s6.700 2 7.200 5.600",
  bot: "M7 8.500h10a2.500 2.500 0 0 1 2.500 2.500v5.500A2.500 2.500 0 0 1 17 19H7a2.500 2.500 0 0 1-2.500-2.500V11A2.500 2.500 0 0 1 7 8.500ZM12 8.500V5M9.300 13v1.500M14.700 13v1.500",
  article: "M7 4h7l4 4v10.500A1.500 1.500 0 0 1 16.500 20h-9A1.500 1.500 0 0 1 6 18.500V5.500A1.500 1.500 0 0 1 7.500 4M9.500 11.500h5M9.500 15h5M13.500 4.200V8.500H18",
  next: "M9.500 6l6 6-6 6",
  yes: "M7.500 11v8.500M7.500 11l3.300-6.600c1.500 0 2.300 1 2 2.500l-.5 2.600h5.200c1 0 1.700.9 1.500 1.900l-1.200 6.300c-.2 1.100-1 1.800-2.100 1.800H7.500M4.500 11v8.500",
  no: "M7.500 13V4.500M7.500 13l3.300 6.600c1.500 0 2.300-1 2-2.500l-.5-2.600h5.200c1 0 1.700-.9 1.500-1.900l-1.200-6.300c-.2-1.100-1-1.800-2.100-1.800H7.500M4.500 13V4.500",
  check: "M5 12.500l4.500 4.500L19 7.500",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.800V12l2.800 1.800",
  offline: "M3.500 9.500C6 7.300 8.900 6.200 12 6.200s6 1.100 8.500 3.300M7 13.300c1.400-1.200 3.100-1.900 5-1.900s3.600.7 5 1.900M12 17.500v.01M4.500 4l15 16",
  restart: "M5 12a7 7 0 1 0 2.300-5.200M7.300 3.500v3.600h3.600",
  star: "M12 4.200l2.400 4.900 5.400.8-3.900 3.800.9 5.300-4.800-2.500L7.200 19l.9-5.300-3.900-3.800 5.400-.8L12 4.200Z",
};

/** A line drawing; decoration only, so screen readers pass it by. */
export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(namespace, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", `icon icon-${name}`);
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("focusable", "false");
  const line = document.createElementNS(namespace, "path");
  line.setAttribute("d", ICONS[name]);
  drawing.append(line);
  return drawing;
}
