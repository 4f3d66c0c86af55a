// GraphiQL at /graphql. Addresses are relative, since a proxy may put a path before ours.
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import "./page.css";
import "./graphiql.css";
import { EXAMPLES } from "./examples.js";

const LONGEST_ADDRESS = 8000;

async function ask(request, { headers } = {}) {
  const response = await fetch("graphql", {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // Such as a page of a proxy between us and the server.
    return { errors: [{ message: `Status ${response.status}, not JSON: ${text.slice(0, 500)}` }] };
  }
}

const given = new URLSearchParams(location.search);
const shared = given.has("query") && {
  query: given.get("query"),
  variables: given.get("variables") ?? "",
};

// GraphiQL keeps its tabs in the browser; where there are none yet it shows the examples.
function kept() {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState"));
    const { query, variables } = tabs[activeTabIndex];
    return { query: query ?? "", variables: variables ?? "" };
  } catch {
    return undefined;
  }
}

const opening = shared || kept() || EXAMPLES[0];
const shown = { ...opening };

// The address keeps what is being edited, so that it can be handed on. It is written when the
// typing pauses: Safari refuses more than a hundred changes of it in half a minute.
let pause;
function remember(change) {
  Object.assign(shown, change);
  clearTimeout(pause);
  pause = setTimeout(() => {
    const members = Object.entries(shown).filter(([, text]) => text.trim());
    const address = `${location.pathname}?${new URLSearchParams(members)}`;
    if (address.length < LONGEST_ADDRESS) history.replaceState(null, "", address);
  }, 500);
}

createRoot(document.getElementById("page")).render(
  <GraphiQL
    fetcher={ask}
    query={opening.query}
    variables={opening.variables}
    defaultTabs={shared ? [shared, ...EXAMPLES] : EXAMPLES}
    defaultEditorToolsVisibility="variables"
    onEditQuery={(query) => remember({ query })}
    onEditVariables={(variables) => remember({ variables })}
    onTabChange={({ tabs, activeTabIndex }) => {
      const { query, variables } = tabs[activeTabIndex];
      remember({ query: query ?? "", variables: variables ?? "" });
    }}
  >
    <GraphiQL.Logo>
      <a className="papershelf-home" href="./">
        Papershelf
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
