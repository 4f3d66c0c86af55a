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
const shown = { query: given.get("query") ?? "", variables: given.get("variables") ?? "" };

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
    query={given.get("query") ?? undefined}
    variables={given.get("variables") ?? undefined}
    defaultTabs={EXAMPLES}
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
