// Copies what is shown once, and makes whole links of paths.

function complete(root) {
  for (const field of root.querySelectorAll("[data-with-origin]")) {
    if (field.value.startsWith("/")) field.value = location.origin + field.value;
  }
}

/** Copies the value of a field. Without a secure connection browsers let only people copy: then it is selected for them. */
async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.copied;
  } catch {
    field.focus();
  }
}

complete(document);
document.body.addEventListener("htmx:afterSettle", () => complete(document));
document.body.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
