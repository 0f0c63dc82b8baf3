/** The page: a list of mails that renews itself, and the one that was chosen, at first the newest. Text goes in as text, HTML in a sandbox. */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mails</title>
<style>
  body { font: 15px/1.45 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: 26rem 1fr; height: 100vh; }
  nav { overflow: auto; border-right: 1px solid #ccc; }
  nav button { display: block; width: 100%; padding: .6rem .8rem; border: 0; border-bottom: 1px solid #eee; background: none;
    text-align: left; font: inherit; cursor: pointer; }
  nav button[aria-current] { background: #e8f0fe; }
  small { color: #555; }
  main { display: flex; flex-direction: column; padding: 0 1rem; }
  iframe, pre { flex: 1; border: 0; overflow: auto; white-space: pre-wrap; }
</style>
<nav id="list" aria-label="Mails"></nav>
<main id="mail"><p>No mail is chosen.</p></main>
<script>
  const list = document.getElementById("list");
  const main = document.getElementById("mail");
  let chosen;
  let shown = "";
  const element = (name, text, properties) => Object.assign(document.createElement(name), { textContent: text }, properties);
  async function get(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(path + ": " + answer.status);
    return answer.json();
  }
  async function show(id) {
    chosen = id;
    const mail = await get("api/v1/message/" + id);
    const to = mail.To.map((one) => one.Address).join(", ");
    const body = mail.HTML
      ? Object.assign(document.createElement("iframe"), { srcdoc: mail.HTML, sandbox: "", title: "Mail" })
      : element("pre", mail.Text);
    main.replaceChildren(element("h2", mail.Subject), element("small", mail.From.Address + " to " + to), body);
    shown = "";
    await renew();
  }
  async function renew() {
    const { messages } = await get("api/v1/messages");
    const now = JSON.stringify([messages, chosen]);
    if (now === shown) return;
    if (chosen === undefined && messages.length > 0) return show(messages[0].ID);
    shown = now;
    const buttons = messages.map((mail) => {
      const button = element("button", mail.Subject, { onclick: () => show(mail.ID) });
      button.append(document.createElement("br"), element("small", new Date(mail.Created).toLocaleString()));
      if (mail.ID === chosen) button.setAttribute("aria-current", "true");
      return button;
    });
    list.replaceChildren(...(buttons.length > 0 ? buttons : [element("p", " No mail yet.")]));
  }
  const again = () => renew().catch((error) => console.error(error)).then(() => setTimeout(again, 2000));
  again();
</script>
`;
