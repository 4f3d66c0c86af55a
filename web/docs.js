// The OpenAPI document as a page, at /docs. Its address is relative, as in graphiql.jsx.
import SwaggerUI from "swagger-ui-dist/swagger-ui-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./page.css";
import "./docs.css";

const DOCUMENT = new URL("openapi.json", location.href).href;

// Swagger UI would fill every field with its example, and a search with all filters finds nothing:
// where a parameter may be left out, its example becomes a part of its description.
function asDescription({ example, ...parameter }) {
  const text = [example].flat().join(",");
  return { ...parameter, description: `${parameter.description ?? ""} Example: \`${text}\`` };
}

function isOptionalParameter(part) {
  return "name" in part && "in" in part && part.example !== undefined && !part.required;
}

function adapt(part) {
  if (Array.isArray(part)) return part.map(adapt);
  if (part === null || typeof part !== "object") return part;
  const members = Object.entries(isOptionalParameter(part) ? asDescription(part) : part);
  return Object.fromEntries(members.map(([name, value]) => [name, adapt(value)]));
}

function adaptDocument(response) {
  if (response.url === DOCUMENT && response.ok) {
    const described = adapt(JSON.parse(response.text));
    // The policy allows this server alone, whatever address it is known by elsewhere.
    described.servers = [{ url: new URL(".", location.href).href.replace(/\/$/, "") }];
    response.text = JSON.stringify(described);
  }
  return response;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUI({
  url: DOCUMENT,
  dom_id: "#page",
  // Its default sends the document's address to a stranger for a badge.
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  responseInterceptor: adaptDocument,
});
