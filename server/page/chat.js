// The first chat page: one conversation, kept over reloads of the tab. All text is set with `textContent`.

const TEXTS = {
  zh: {
    title: "售后客服",
    restart: "新对话",
    label: "您的问题",
    placeholder: "请描述您的问题，例如：快递三天没动了",
    send: "发送",
    thinking: "正在查看…",
    waiting: "已转人工，客服会看到以上全部内容。您可以继续补充。",
    failed: "还没有得到回复，请检查网络，再点一次发送；不会重复提交。",
    tooLong: "这条消息太长了，请分成几条发送。",
    gone: "这个对话已经不在了，请开始新对话。",
    busy: "现在咨询的人很多，正在重试…",
    source: (title, version) => `出自《${title}》 版本 ${version}`,
    why: "这个回答是怎么来的",
    decision: { answer: "自动回答", clarify: "请您确认", escalate: "转人工" },
  },
  en: {
    title: "After-sales desk",
    restart: "New conversation",
    label: "Your question",
    placeholder: "Tell us what happened, for example: my parcel has not moved for three days",
    send: "Send",
    thinking: "Looking it up…",
    waiting: "A colleague takes over and sees everything above. You can add to it.",
    failed: "No answer yet. Check the connection and press Send again; it will not be sent twice.",
    tooLong: "This message is too long. Please send it in parts.",
    gone: "This conversation is no longer there. Please start a new one.",
    busy: "Many people are asking right now, trying again…",
    source: (title, version) => `From “${title}”, version ${version}`,
    why: "How this reply came about",
    decision: { answer: "answered", clarify: "asked back", escalate: "handed over" },
  },
};
const RETRIES = 5;
const KEY = "shopdesk.conversation";

const texts = TEXTS[navigator.language.startsWith("zh") ? "zh" : "en"];
const list = document.getElementById("messages");
const status = document.getElementById("status");
const form = document.getElementById("composer");
const input = document.getElementById("text");
let conversation = sessionStorage.getItem(KEY);
// The message that has no answer yet: sent again, it keeps its id, so that it is answered once.
let pending = null;

document.documentElement.lang = texts === TEXTS.zh ? "zh-CN" : "en";
document.title = texts.title;
for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
input.placeholder = texts.placeholder;
input.focus();

if (conversation) restore();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(input.value);
});
input.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word; Safari reports that one with the code 229 only.
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key === "Enter" && !event.shiftKey && !composing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
input.addEventListener("input", fit);
document.getElementById("restart").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  location.reload();
});

/** Shows the conversation that this tab had before it was reloaded. */
async function restore() {
  form.inert = true;
  const response = await fetch(`/v1/conversations/${conversation}`).catch(() => null);
  form.inert = false;
  if (response?.status === 404) return forget();
  if (!response?.ok) return say(texts.failed);
  const { messages, state } = await response.json();
  for (const message of messages) show(message);
  showState(state);
}

function forget() {
  sessionStorage.removeItem(KEY);
  conversation = null;
}

async function send(text) {
  text = text.trim();
  if (!text || form.inert) return;
  form.inert = true;
  const bubble = show({ sender: "shopper", text });
  input.value = "";
  fit();
  say(texts.thinking);
  try {
    const { reply, state } = await exchange(text);
    say("");
    if (reply) show(reply);
    showState(state);
  } catch (error) {
    bubble.remove();
    input.value = text;
    fit();
    say(reason(error.status));
    if (error.status === 404) forget();
  } finally {
    form.inert = false;
    input.focus();
  }
}

/** Sends a message and returns the answer. Sent again under the same id, it is answered once. */
async function exchange(text) {
  if (!conversation) {
    ({ id: conversation } = await post("/v1/conversations", {}));
    sessionStorage.setItem(KEY, conversation);
  }
  if (pending?.text !== text) {
    pending = { text, client_message_id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  }
  const answer = await post(`/v1/conversations/${conversation}/messages`, pending);
  pending = null;
  return answer;
}

function reason(status) {
  if (status === 404) return texts.gone;
  return status === 413 || status === 422 ? texts.tooLong : texts.failed;
}

async function post(path, body) {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return response.json();
    if (response.status !== 429 || attempt === RETRIES) {
      throw Object.assign(new Error(`status ${response.status}`), { status: response.status });
    }
    say(texts.busy);
    const seconds = Number(response.headers.get("retry-after")) || 2;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

function show(message) {
  const item = document.createElement("li");
  item.className = message.sender;
  item.append(element("div", "bubble", message.text));
  if (message.article) item.append(source(message.article));
  if (message.choices?.length) item.append(choices(message.choices));
  if (message.assessment) {
    item.classList.toggle("handover", message.assessment.decision === "escalate");
    item.append(why(message.assessment));
  }
  list.append(item);
  item.scrollIntoView({ block: "end" });
  return item;
}

function source(article) {
  const line = element("p", "source", "");
  const link = element("a", "", texts.source(article.title, article.version));
  link.href = `/v1/articles/${[article.id, article.language, article.version].map(encodeURIComponent).join("/")}`;
  link.target = "_blank";
  link.rel = "noopener";
  line.append(link);
  return line;
}

function choices(offered) {
  const row = element("div", "choices", "");
  for (const choice of offered) {
    const button = element("button", "", choice.title);
    button.type = "button";
    button.addEventListener("click", () => {
      if (form.inert) return;
      for (const other of row.children) other.disabled = true;
      send(choice.title);
    });
    row.append(button);
  }
  return row;
}

function why(assessment) {
  const details = element("details", "why", "");
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const intents = assessment.intents.map(({ id, confidence }) => `${id} ${percent(confidence)}`).join(", ");
  const reason = assessment.reason ? ` (${assessment.reason})` : "";
  details.append(element("summary", "", texts.why));
  details.append(element("div", "", `${texts.decision[assessment.decision]}${reason}: ${intents}`));
  details.append(element("div", "", `out_of_scope ${percent(assessment.out_of_scope)}, ${assessment.language}`));
  return details;
}

function showState(state) {
  if (state === "waiting_for_human") say(texts.waiting);
}

function say(text) {
  status.textContent = text;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** Grows the input with its text. */
function fit() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}
