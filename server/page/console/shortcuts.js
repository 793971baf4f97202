// Keys that do something wherever nobody types, the dialog that lists them, and buttons that close dialogs.

const SEQUENCE_MS = 1_500;

/** Whether keys belong to what has the focus. */
export function isTyping(element = document.activeElement) {
  // What was in a dialog that is closed keeps the focus for a moment.
  if (element?.closest("dialog:not([open])")) return false;
  return element?.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") ?? false;
}

/** `keys` has a function for each key, or for two keys after one another such as `g i`. */
export function shortcuts(keys) {
  let before = null;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping() || document.querySelector("dialog[open]")) return;
    const recent = before !== null && event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${event.key}` : null;
    const act = keys[recent] ?? keys[event.key];
    before = { key: event.key, at: event.timeStamp };
    if (!act) return;
    // Links and buttons do their own thing on Enter.
    if (event.key === "Enter" && document.activeElement?.matches("a, button, summary")) return;
    event.preventDefault();
    act();
  });
}

/** Opens a dialog by its id. */
export function showDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return dialog;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  else if (event.target.closest("[data-shortcuts]")) showDialog("shortcuts");
});
