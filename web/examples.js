// What the tabs of GraphiQL hold on a first visit. Each works on any shelf, an empty one included.
import count from "./examples/count.graphql";
import day from "./examples/day.graphql";
import search from "./examples/search.graphql";
import variables from "./examples/variables.json";

export const EXAMPLES = Object.entries({ search, count, day }).map(([name, query]) => ({
  query,
  variables: Object.keys(variables[name]).length ? JSON.stringify(variables[name], null, 2) : "",
}));
