"use strict";

const EXAMPLE = `query Search($words: String, $after: String) {
  papers(query: $words, first: 5, after: $after) {
    totalCount
    matched
    nodes {
      id
      title
      publishedAt
      authorCount
      comments
    }
    pageInfo { hasNextPage endCursor }
    warnings { message suggestion }
  }
}`;
const EXAMPLE_VARIABLES = `{
  "words": "optimal transport"
}`;

const INTROSPECTION = `{
  __schema {
    types {
      kind name description
      fields { name description type { ...T } args { name description type { ...T } } }
      inputFields { name description type { ...T } }
      enumValues { name description }
    }
  }
}
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const $ = (id) => document.getElementById(id);
const query = $("query");
const variables = $("variables");
let current = null;

async function ask(body, signal) {
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
    },
    body: JSON.stringify(body),
    signal,
  });
  return { status: response.status, text: await response.text() };
}

async function run() {
  let values = null;
  try {
    values = variables.value.trim() ? JSON.parse(variables.value) : null;
  } catch (error) {
    $("status").textContent = `Variables are not JSON: ${error.message}`;
    variables.focus();
    return;
  }
  if (current) current.abort();
  const mine = (current = new AbortController());
  remember();
  $("status").textContent = "Running.";
  const started = performance.now();
  try {
    const { status, text } = await ask({ query: query.value, variables: values }, mine.signal);
    const took = Math.round(performance.now() - started);
    $("status").textContent = `Status ${status}, ${took} ms, ${text.length} characters.`;
    $("result").textContent = pretty(text);
    $("status").scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (error.name !== "AbortError") $("status").textContent = `No answer: ${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function remember() {
  const address = new URLSearchParams({ query: query.value });
  if (variables.value.trim()) address.set("variables", variables.value);
  const target = `${location.pathname}?${address}`;
  if (target.length < 8000) history.replaceState(null, "", target);
}

function written(type) {
  if (type.kind === "NON_NULL") return `${written(type.ofType)}!`;
  if (type.kind === "LIST") return `[${written(type.ofType)}]`;
  return type.name;
}

function element(tag, text) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  return made;
}

function described(type) {
  const box = element("details");
  box.append(element("summary", type.name), element("p", type.description));
  const list = element("dl");
  for (const field of type.fields || type.inputFields || []) {
    list.append(element("dt", `${field.name}: ${written(field.type)}`));
    list.append(element("dd", field.description));
    for (const argument of field.args || []) {
      list.append(element("dd", `${argument.name}: ${written(argument.type)}. ${argument.description || ""}`));
    }
  }
  for (const value of type.enumValues || []) {
    list.append(element("dt", value.name), element("dd", value.description));
  }
  box.append(list);
  return box;
}

async function loadDocs() {
  const place = $("types");
  try {
    const { text } = await ask({ query: INTROSPECTION });
    const types = JSON.parse(text).data.__schema.types.filter((type) => !type.name.startsWith("__"));
    const rank = (type) => (type.name === "Query" ? "" : type.name);
    types.sort((one, other) => rank(one).localeCompare(rank(other)));
    place.replaceChildren(...types.map(described));
    if (place.firstElementChild) place.firstElementChild.open = true;
  } catch (error) {
    place.replaceChildren(element("p", `The documentation could not be loaded: ${error.message}`));
  }
}

function filterDocs() {
  const wanted = $("find").value.trim().toLowerCase();
  for (const box of $("types").querySelectorAll("details")) {
    const found = !wanted || box.textContent.toLowerCase().includes(wanted);
    box.hidden = !found;
    if (wanted) box.open = found;
  }
}

const given = new URLSearchParams(location.search);
query.value = given.get("query") || EXAMPLE;
variables.value = given.get("variables") || (given.get("query") ? "" : EXAMPLE_VARIABLES);
$("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
$("docs").addEventListener("toggle", loadDocs, { once: true });
$("find").addEventListener("input", filterDocs);
