// How the widget looks. Sizes are in px because `rem` belongs to the page, and `!important` on the host is
// what keeps the page's own `!important` out.

export const SHEET = `
:host {
  all: initial !important;
  position: fixed !important; inset: auto !important; width: 0 !important; height: 0 !important;
  display: block !important; z-index: 2147483000 !important;
}
@media print { :host { display: none !important; } }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }

.root {
  --surface: #ffffff; --raised: #f2f3f5; --line: #e3e5e9; --text: #17181c; --soft: #5c616b; --hover: #e9ebee;
  --danger: #b3261e; --warn: #fff4d6; --on-warn: #5b4300; --star: #c77700;
  --shadow: 0 12px 48px rgb(15 20 30 / .18), 0 2px 8px rgb(15 20 30 / .1);
  position: fixed; inset: auto; z-index: 2147483000;
  font: 400 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
  color: var(--text); text-align: start; letter-spacing: normal; -webkit-text-size-adjust: 100%; color-scheme: light;
  -webkit-font-smoothing: antialiased;
}
.root:lang(zh-Hant) { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", "Noto Sans TC", sans-serif; }
.root[data-theme="dark"] {
  --surface: #1b1c20; --raised: #2a2c32; --line: #3a3d45; --text: #f1f2f4; --soft: #aab0bb; --hover: #353840;
  --danger: #ff9a92; --warn: #3b3117; --on-warn: #ffe3a0; --star: #ffb84d;
  --shadow: 0 12px 48px rgb(0 0 0 / .55), 0 0 0 1px rgb(255 255 255 / .06);
  color-scheme: dark;
}
h2, h3, p, ul, ol, pre, blockquote, small, strong { margin: 0; padding: 0; font-size: inherit; }
button, input, textarea { font: inherit; letter-spacing: inherit; color: inherit; margin: 0; }
button { cursor: pointer; border: 0; background: none; padding: 0; text-align: start; touch-action: manipulation; }
button[aria-disabled="true"], button:disabled { cursor: default; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.icon { width: 20px; height: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* The launcher */
.launcher {
  position: fixed; bottom: calc(20px + env(safe-area-inset-bottom)); width: 56px; height: 56px; border-radius: 50%;
  display: grid; place-items: center; background: var(--accent); color: var(--on-accent);
  box-shadow: 0 6px 20px rgb(15 20 30 / .24), 0 1px 4px rgb(15 20 30 / .16), 0 0 0 1px rgb(255 255 255 / .16);
  transition: transform .18s ease, box-shadow .18s ease;
}
.launcher:hover { transform: scale(1.05); }
.launcher:active { transform: scale(.96); }
.launcher:focus-visible { outline: 3px solid var(--accent-text); outline-offset: 3px; box-shadow: 0 0 0 3px var(--surface); }
.launcher .icon { grid-area: 1 / 1; width: 26px; height: 26px; transition: opacity .16s ease, transform .2s ease; }
.launcher .icon-chat { fill: currentColor; stroke: none; }
.launcher .icon-down { stroke-width: 2.4; }
.root:not(.open) .launcher .icon-down, .root.open .launcher .icon-chat { opacity: 0; transform: rotate(-40deg) scale(.6); }
.right .launcher { right: calc(20px + env(safe-area-inset-right)); }
.left .launcher { left: calc(20px + env(safe-area-inset-left)); }
.badge {
  position: absolute; top: -4px; inset-inline-end: -4px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
  background: #c5221f; color: #fff; font-size: 12px; font-weight: 700; line-height: 22px; text-align: center; box-shadow: 0 0 0 2px #fff;
}

/* The window */
.panel {
  position: fixed; bottom: calc(90px + env(safe-area-inset-bottom)); width: 392px; height: min(680px, calc(100vh - 114px)); height: min(680px, calc(100dvh - 114px));
  display: grid; background: var(--surface); border-radius: 18px; box-shadow: var(--shadow); overflow: hidden;
  animation: rise .22s cubic-bezier(.2, .8, .2, 1);
}
.right .panel { right: calc(20px + env(safe-area-inset-right)); transform-origin: bottom right; }
.left .panel { left: calc(20px + env(safe-area-inset-left)); transform-origin: bottom left; }
.chat, .article { grid-area: 1 / 1; min-height: 0; min-width: 0; display: flex; flex-direction: column; }
.reading .chat { visibility: hidden; }
.article { background: var(--surface); animation: slide .2s ease; z-index: 1; }
@keyframes rise { from { opacity: 0; transform: translateY(14px) scale(.97); } }
@keyframes slide { from { opacity: 0; transform: translateX(16px); } }

.header { position: relative; flex: none; display: flex; align-items: center; gap: 12px; padding: 14px 10px 14px 16px; background: var(--accent); color: var(--on-accent); }
.header :focus-visible { outline-color: currentColor; outline-offset: -2px; }
.face { position: relative; flex: none; width: 40px; height: 40px; border-radius: 50%; display: grid; place-items: center; font-weight: 600; font-size: 17px; border: 1.5px solid currentColor; }
.face.online::after { content: ""; position: absolute; right: -2px; bottom: -2px; width: 12px; height: 12px; border-radius: 50%; background: #35d07f; border: 2px solid var(--accent); }
.names { flex: 1; min-width: 0; }
.title { font-size: 16px; line-height: 1.3; font-weight: 650; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 1; }
.subtitle { font-size: 13px; line-height: 1.4; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.round { flex: none; width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; transition: background .15s; }
.round:hover { background: color-mix(in srgb, currentColor 14%, transparent); }
.round .icon-more { stroke-width: 3; }
.names + .round { margin-inline-end: -8px; }
.menu, .confirm { position: absolute; z-index: 3; top: calc(100% - 6px); inset-inline-end: 12px; background: var(--surface); color: var(--text); border-radius: 12px; box-shadow: var(--shadow); padding: 6px; animation: rise .14s ease; }
.menu { min-width: 180px; }
.confirm { inset-inline: 12px; padding: 16px; display: grid; gap: 12px; }
.menu :focus-visible, .confirm :focus-visible { outline-color: var(--accent-text); }
.item { display: flex; align-items: center; gap: 10px; width: 100%; padding: 9px 12px; border-radius: 8px; font-size: 14px; }
.item:hover { background: var(--raised); }

/* The messages */
.log { position: relative; flex: 1; min-height: 96px; display: flex; }
.scroller { flex: 1; min-width: 0; overflow-y: auto; overflow-x: hidden; overscroll-behavior: contain; padding: 18px 16px 10px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.scroller:focus-visible { outline-offset: -3px; }
.line { text-align: center; font-size: 12.5px; color: var(--soft); margin: 16px 0 12px; }
.message { display: flex; gap: 8px; margin-top: 3px; max-width: 100%; }
.message.first { margin-top: 14px; }
.greeting.first { margin-top: 0; }
.avatar { flex: none; width: 28px; height: 28px; border-radius: 50%; display: grid; place-items: center; align-self: flex-start; margin-top: 22px; background: color-mix(in srgb, var(--accent) 14%, var(--surface)); color: var(--accent-text); font-size: 13px; font-weight: 650; visibility: hidden; }
.avatar .icon { width: 17px; height: 17px; }
.first > .avatar, .typing > .avatar { visibility: visible; }
.agent > .avatar { background: var(--accent); color: var(--on-accent); }
.content { min-width: 0; max-width: calc(100% - 60px); display: flex; flex-direction: column; align-items: flex-start; }
.sender { font-size: 12.5px; line-height: 18px; margin: 0 4px 3px; color: var(--soft); max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.message:not(.first) .sender, .own .sender { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0; }
.bubble { max-width: 100%; padding: 9px 13px; border-radius: 18px; background: var(--raised); overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: plaintext; }
.bot .bubble { white-space: normal; }
.message.first .bubble { border-start-start-radius: 6px; }
.own { flex-direction: row-reverse; }
.own .avatar { display: none; }
.own .content { max-width: 84%; align-items: flex-end; }
.own .bubble { background: var(--accent); color: var(--on-accent); border-start-start-radius: 18px; }
.own.first .bubble { border-start-start-radius: 18px; }
.own.last .bubble { border-end-end-radius: 6px; }
.own .bubble a { color: inherit; }
.own .bubble ::selection, .own .bubble::selection { background: var(--on-accent); color: var(--accent); }
.failed .bubble { background: var(--raised); color: var(--text); box-shadow: inset 0 0 0 1.5px var(--danger); }
.failed .status { color: var(--danger); font-weight: 600; }
.foot { display: none; gap: 4px; font-size: 12px; line-height: 18px; color: var(--soft); margin: 3px 4px 0; flex-wrap: wrap; }
.last .foot, .failed .foot { display: flex; }
.own .foot { justify-content: flex-end; }
.status:not(:first-child)::before { content: "· "; }
.foot .plain { font-size: 12px; min-height: 0; padding: 0 2px; }

.bubble p + *, .bubble * + p, .bubble ul, .bubble ol, .bubble pre, .bubble blockquote, .bubble h3 { margin-top: 8px; }
.bubble > :first-child { margin-top: 0; }
.article-body > * + *, .lead > * + * { margin-top: 12px; }
.bubble ul, .bubble ol, .article-body ul, .article-body ol { padding-inline-start: 22px; }
li + li { margin-top: 4px; }
li::marker { color: var(--soft); }
h3 { font-weight: 650; }
a { color: var(--accent-text); text-decoration: underline; text-underline-offset: 2px; text-decoration-thickness: 1px; overflow-wrap: anywhere; }
a:hover { text-decoration-thickness: 2px; }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: color-mix(in srgb, var(--text) 8%, transparent); border-radius: 4px; padding: 1px 4px; overflow-wrap: anywhere; }
pre { overflow-x: auto; border-radius: 8px; background: color-mix(in srgb, var(--text) 8%, transparent); padding: 8px 10px; }
pre code { background: none; padding: 0; overflow-wrap: normal; white-space: pre; }
blockquote { border-inline-start: 3px solid var(--line); padding-inline-start: 10px; color: var(--soft); }
hr { border: 0; border-top: 1px solid var(--line); margin: 12px 0; }

.extras { display: flex; flex-direction: column; align-items: flex-start; gap: 8px; max-width: 100%; }
.extras:not(:empty) { margin-top: 6px; }
.source { display: flex; align-items: center; gap: 10px; max-width: 100%; padding: 7px 8px 7px 11px; border: 1px solid var(--line); border-radius: 12px; transition: background .15s, border-color .15s; }
.source:hover { background: var(--raised); border-color: var(--accent-text); }
.source > .icon { color: var(--accent-text); width: 18px; height: 18px; }
.source .icon-next { color: var(--soft); width: 16px; height: 16px; }
.label { min-width: 0; flex: 1; font-size: 14px; line-height: 1.35; }
.label span { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; }
.label small { display: block; font-size: 12px; color: var(--soft); }
.choices { display: flex; flex-wrap: wrap; gap: 8px; }
.choice { padding: 7px 14px; border: 1.5px solid var(--accent-text); border-radius: 18px; color: var(--accent-text); font-size: 14px; font-weight: 550; overflow-wrap: anywhere; transition: background .15s; }
.choice:hover { background: color-mix(in srgb, var(--accent) 8%, var(--surface)); }
.helpful { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); padding-inline-start: 4px; }
.helpful span { margin-inline-end: 2px; }
.vote { display: inline-flex; align-items: center; gap: 5px; padding: 4px 11px 4px 8px; min-height: 30px; border-radius: 16px; border: 1px solid var(--line); color: var(--text); transition: background .15s; }
.vote:hover { background: var(--raised); }
.vote .icon { width: 16px; height: 16px; }
.thanks { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); padding-inline-start: 4px; }
.thanks .icon { width: 16px; height: 16px; color: var(--accent-text); }

.typing { margin-top: 12px; }
.typing:empty { margin: 0; }
.typing .avatar { margin-top: 5px; }
.dots { display: flex; align-items: center; gap: 4px; height: 38px; border-start-start-radius: 6px; }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--soft); animation: hop 1.2s infinite ease-in-out; }
.dots i:nth-of-type(2) { animation-delay: .15s; }
.dots i:nth-of-type(3) { animation-delay: .3s; }
@keyframes hop { 0%, 60%, 100% { opacity: .4; transform: none; } 30% { opacity: 1; transform: translateY(-3px); } }
.newer { position: absolute; bottom: 10px; left: 50%; transform: translateX(-50%); display: flex; align-items: center; gap: 4px; padding: 6px 14px 6px 10px; border-radius: 18px; font-size: 13px; background: var(--surface); box-shadow: var(--shadow); white-space: nowrap; }
.newer .icon { width: 16px; height: 16px; }

/* Between the messages and the field */
.bar { flex: 0 1 auto; min-height: 0; display: flex; flex-direction: column; overflow-y: auto; overscroll-behavior: contain; }
.bar > * { flex: none; }
.banner { display: flex; align-items: center; gap: 8px; padding: 8px 16px; background: var(--warn); color: var(--on-warn); font-size: 13px; line-height: 1.4; }
.banner:empty { display: none; }
.banner .icon { width: 17px; height: 17px; }
.card { margin: 4px 12px 10px; padding: 14px 16px; border-radius: 14px; border: 1px solid var(--line); background: var(--surface); font-size: 14px; line-height: 1.45; animation: rise .2s ease; }
.card p { color: var(--soft); }
.card strong { font-weight: 650; }
.queue { display: flex; gap: 12px; }
.queue > .icon { width: 34px; height: 34px; padding: 8px; border-radius: 50%; background: color-mix(in srgb, var(--accent) 14%, var(--surface)); color: var(--accent-text); }
.queue > div { min-width: 0; flex: 1; }
.queue .filled { margin-top: 10px; }
.queue .plain { margin: 2px 0 -4px -6px; }
.queue .thanks { margin-top: 6px; padding: 0; }
p.card { display: flex; gap: 8px; align-items: center; }
p.card .icon { color: var(--accent-text); }
.form { display: grid; gap: 10px; }
.form > p { margin-top: -8px; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.filled, .outlined, .plain { min-height: 36px; padding: 7px 16px; border-radius: 18px; font-size: 14px; line-height: 20px; font-weight: 600; text-align: center; }
.filled { background: var(--accent); color: var(--on-accent); }
.filled:hover { box-shadow: inset 0 0 0 40px color-mix(in srgb, var(--on-accent) 8%, transparent); }
.filled:disabled { opacity: .6; }
.outlined { border: 1px solid var(--line); padding: 6px 15px; }
.outlined:hover { background: var(--raised); }
.plain { color: var(--accent-text); padding: 7px 8px; }
.plain:hover { text-decoration: underline; }
.input-line { width: 100%; padding: 9px 12px; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); resize: none; display: block; }
.input-line:focus { border-color: var(--accent-text); outline: 1px solid var(--accent-text); }
::placeholder { color: var(--soft); opacity: 1; }
.error { color: var(--danger) !important; font-size: 13px; }
.error:empty { display: none; }
.segments { display: flex; gap: 2px; padding: 3px; border-radius: 12px; background: var(--raised); }
.segments label { flex: 1; position: relative; cursor: pointer; }
.segments input, .star input, .reason input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.segments span { display: block; text-align: center; padding: 5px 8px; border-radius: 9px; font-size: 13.5px; }
.segments input:checked + span { background: var(--surface); box-shadow: 0 1px 3px rgb(15 20 30 / .18); font-weight: 600; }
.segments input:focus-visible + span, .star input:focus-visible + .icon, .reason input:focus-visible + span { outline: 2px solid var(--accent-text); outline-offset: 1px; }
.rating { justify-items: center; text-align: center; }
.stars { display: flex; gap: 4px; }
.star { position: relative; cursor: pointer; padding: 2px; color: var(--soft); transition: transform .12s; }
.star:hover { transform: scale(1.12); }
.star .icon { width: 32px; height: 32px; stroke-width: 1.4; display: block; border-radius: 6px; }
.star.lit { color: var(--star); }
.star.lit .icon { fill: currentColor; }
.word { min-height: 20px; }
.word:empty { display: none; }
.details { display: grid; gap: 10px; width: 100%; }
.reasons { display: flex; flex-wrap: wrap; justify-content: center; gap: 6px; }
.reason { position: relative; }
.reason span { display: block; padding: 4px 12px; border-radius: 16px; border: 1px solid var(--line); font-size: 13.5px; }
.reason input:checked + span { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.actions { padding: 2px 12px 0; display: flex; }
.actions:has([hidden]) { display: none; }
.human { display: inline-flex; align-items: center; gap: 6px; padding: 5px 12px 5px 9px; min-height: 32px; border-radius: 16px; font-size: 13.5px; font-weight: 550; color: var(--accent-text); background: color-mix(in srgb, var(--accent) 9%, var(--surface)); transition: background .15s; }
.human:hover { background: color-mix(in srgb, var(--accent) 16%, var(--surface)); }
.human .icon { width: 17px; height: 17px; }

/* Where the shopper writes */
.composer { flex: none; padding: 8px 12px 12px; padding-bottom: max(12px, env(safe-area-inset-bottom)); background: var(--surface); }
.input { display: flex; align-items: flex-end; gap: 6px; padding: 4px 4px 4px 0; border: 1.5px solid var(--line); border-radius: 23px; background: var(--surface); transition: border-color .15s; }
.input:focus-within { border-color: var(--accent-text); }
.input:has([aria-invalid="true"]) { border-color: var(--danger); }
.field { flex: 1; min-width: 0; border: 0; background: none; resize: none; padding: 6px 4px 6px 16px; line-height: 22px; height: 34px; max-height: 132px; overflow-y: auto; overflow-wrap: anywhere; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.field:focus-visible { outline: none; }
.send { flex: none; width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; background: var(--raised); color: var(--soft); transition: background .15s, color .15s; }
.send.ready { background: var(--accent); color: var(--on-accent); }
.send .icon { stroke-width: 2.2; }
.counter { font-size: 12px; line-height: 1; color: var(--soft); text-align: end; padding: 7px 8px 0; }
.counter.over { color: var(--danger); font-weight: 600; }
.note { font-size: 13px; line-height: 1.4; color: var(--danger); padding: 2px 8px 8px; }
.note:empty { display: none; }

/* The article */
.article .header { padding-inline-start: 8px; gap: 6px; }
.article-body { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 20px 20px 28px; overflow-wrap: anywhere; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.article-body:focus-visible { outline-offset: -3px; }
.headline { font-size: 20px; line-height: 1.3; text-wrap: balance; }
.lead { padding: 12px 14px; border-radius: 12px; background: color-mix(in srgb, var(--accent) 9%, var(--surface)); }
.lead:empty { display: none; }
.quiet { color: var(--soft); }
.article-body .outlined { margin-top: 12px; }

@media (max-width: 520px), (max-height: 460px) {
  .panel { inset: 0 !important; width: auto; height: var(--height, 100dvh); border-radius: 0; }
  .root.open .launcher { display: none; }
  .header { padding-top: max(14px, env(safe-area-inset-top)); }
  .field, .input-line { font-size: 16px; }
  .round { width: 44px; height: 44px; }
  .vote, .human { min-height: 36px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
  .dots i { opacity: .7; }
}
@media (forced-colors: active) {
  .panel, .bubble, .card, .menu, .confirm, .launcher, .filled, .human, .send { border: 1px solid; }
  .star.lit .icon { fill: Highlight; }
}
`;
