// The chat of a shopdesk site, for any page: one script tag mounts it.
//
//   <script type="module" src="https://desk.example.com/widget.js" data-site="main"></script>
//
// Read on in this order: `options.js` (what the page asks for), `session.js` (whose conversation), `conversation.js`
// (what happens in it), with `events.js` (the server's events), `outbox.js` (what is still to be sent) and
// `api.js` below it, then `view.js` and the parts of the window in `view/`.

import { Api, Refused } from "./widget/api.js";
import { ServerClock } from "./widget/clock.js";
import { Conversation } from "./widget/conversation.js";
import { chooseLanguage, textsIn } from "./widget/language.js";
import { Options, customer, ownScript } from "./widget/options.js";
import { Session } from "./widget/session.js";
import { Shelf } from "./widget/storage.js";
import { View } from "./widget/view.js";
import { backoff } from "./widget/waiting.js";

const script = ownScript(import.meta.url);
if (script === null) {
  console.warn("shopdesk: no script tag with `data-site` loads this widget");
} else if (window.shopdesk === undefined) {
  mount(new Options(script), new URL(import.meta.url).origin);
}

async function mount(options, base) {
  let view = null;
  const opening = {};
  // There at once, so that the page's own scripts need not wait for ours.
  window.shopdesk = {
    open: () => view ? view.open() : (opening.wanted = true),
    close: () => view ? view.close() : (opening.wanted = false),
    setContext: (entries) => options.setContext(entries),
    identify: (who) => identify(options, who, view),
  };

  const shelf = new Shelf("localStorage", options.site);
  const clock = new ServerClock();
  const api = new Api(base, clock, () => session.token);
  const language = (site) => chooseLanguage(options.language, site?.languages);
  const session = new Session(shelf, clock, options, language(shelf.get("site")));
  session.api = api;

  const site = await loadSite(api, shelf, options.site);
  if (site === null) return;
  session.language = language(site);
  forgetOthers(shelf, options);
  const conversation = new Conversation(api, session, clock, shelf);
  shelf.onChange((key) => key === "owner" && shelf.get("owner") !== owner(options) && conversation.leave());
  view = new View({
    conversation, api, clock, options, site,
    language: session.language,
    texts: textsIn(session.language),
    tab: new Shelf("sessionStorage", options.site),
  });
  conversation.start();
  if (opening.wanted) view.open();
  window.dispatchEvent(new Event("shopdesk:ready"));
}

/** The site's configuration: the server's, or the last one known while the server cannot be reached. `null`: no such site. */
async function loadSite(api, shelf, name) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const site = await api.site(name);
      shelf.set("site", site);
      return site;
    } catch (error) {
      if (error instanceof Refused && !error.passing) {
        console.warn(`shopdesk: the site \`${name}\` refuses this page (${error.message})`);
        return null;
      }
      const known = shelf.get("site");
      if (known !== null) return known;
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 0) * 1000 || backoff(attempt)));
    }
  }
}

/** For shops whose pages do not reload at login and logout; `null` is nobody. */
function identify(options, who, view) {
  options.customer = customer(who?.id, who?.signature, who?.name);
  if (view === null) return;
  const { shelf } = view.conversation;
  if (shelf.get("owner") === owner(options)) return;
  view.conversation.forget();
  view.clear();
  shelf.set("owner", owner(options));
}

// Another customer at the same browser must not see what the one before wrote.
function forgetOthers(shelf, options) {
  if (shelf.get("owner") === owner(options)) return;
  for (const key of ["session", "read", "rest", ...shelf.keys("outbox:")]) shelf.remove(key);
  new Shelf("sessionStorage", options.site).remove("draft");
  shelf.set("owner", owner(options));
}

function owner(options) {
  return options.customer?.id ?? null;
}
