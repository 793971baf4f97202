// Puts the secret of an invitation, which stands behind the # of the address, into the form; and keeps it when the language changes.

const secret = location.hash.slice(1);

function fill() {
  for (const field of document.querySelectorAll("[data-from-fragment]")) field.value = secret;
}

fill();
document.body.addEventListener("htmx:afterSettle", fill);
for (const form of document.querySelectorAll("form.languages")) {
  // A browser keeps what is behind the # when it is redirected, and sends it to nobody.
  form.action = `${form.getAttribute("action")}#${secret}`;
}
