// Answers are reviewed without a mouse: 1, 2 and 3 press the buttons that say so.

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select");
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  document.querySelector(`#review button[data-key="${CSS.escape(event.key)}"]:not(:disabled)`)?.click();
});
