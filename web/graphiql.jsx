// GraphiQL at /graphql. Addresses are relative, since a proxy may put a path before ours.
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
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
const shown = { query: "", variables: "", ...shared };

// GraphiQL keeps its tabs in the browser; without any it shows the examples.
function isFirstVisit() {
  try {
    return localStorage.getItem("graphiql:tabState") === null;
  } catch {
    return true;
  }
}

const opening = shared || (isFirstVisit() ? EXAMPLES[0] : {});

// The address keeps what is being edited, so that it can be handed on.
function remember(change) {
  Object.assign(shown, change);
  const members = Object.entries(shown).filter(([, text]) => text.trim());
  const address = `${location.pathname}?${new URLSearchParams(members)}`;
  if (address.length < LONGEST_ADDRESS) history.replaceState(null, "", address);
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
