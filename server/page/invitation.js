// Lets whoever has an invitation choose a password. The invitation is behind the #, which no server and no log sees.

const TEXTS = {
  zh: {
    title: "设置密码",
    explanation: "这个链接只能用一次。密码至少 10 个字符，不能是常见密码。",
    label: "新密码",
    again: "再输入一次",
    save: "保存",
    differ: "两次输入的密码不一样。",
    gone: "这个链接已经失效，请管理员再发一个。",
    done: "密码已经设置好，可以登录了。",
    failed: "没有保存成功，请再试一次。",
  },
  en: {
    title: "Choose a password",
    explanation: "This link works once. A password has at least 10 characters and is not a common one.",
    label: "New password",
    again: "Once more",
    save: "Save",
    differ: "The two passwords differ.",
    gone: "This link does not hold any more. Ask an administrator for a new one.",
    done: "The password is set. You can log in now.",
    failed: "It could not be saved. Please try again.",
  },
};

const texts = TEXTS[navigator.language.startsWith("zh") ? "zh" : "en"];
const form = document.getElementById("form");
const status = document.getElementById("status");
document.documentElement.lang = texts === TEXTS.zh ? "zh-CN" : "en";
for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = document.getElementById("password").value;
  if (password !== document.getElementById("again").value) return say(texts.differ);
  const body = JSON.stringify({ invitation: location.hash.slice(1), password });
  const headers = { "content-type": "application/json" };
  const response = await fetch("/v1/invitations", { method: "POST", headers, body }).catch(() => null);
  if (response?.ok) {
    form.hidden = true;
    return say(texts.done);
  }
  if (response?.status === 404) return say(texts.gone);
  const problem = await response?.json().catch(() => null);
  say(problem?.detail ?? texts.failed);
});

function say(text) {
  status.textContent = text;
}
