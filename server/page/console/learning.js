// Ticks all labels of the list at once, and takes all ticks away.

document.addEventListener("change", (event) => {
  if (!event.target.matches("#all-labels")) return;
  for (const box of document.querySelectorAll('#waiting input[name="label"]')) box.checked = event.target.checked;
});
