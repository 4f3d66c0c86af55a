// What the tabs hold on a first visit. Each works on any shelf, an empty one included.
const SEARCH = `# Ctrl-Space completes, Ctrl-Enter runs, the book on the left explains every type.
# The next page: put pageInfo.endCursor into the variable "after".
query Search($words: String, $after: String) {
  papers(query: $words, first: 5, after: $after) {
    totalCount
    matched
    nodes {
      id
      title
      publishedAt
      authors {
        name
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    warnings {
      message
      suggestion
    }
  }
}
`;

const COUNT = `# How many papers there are of each year and category, and those with most authors.
query Count($filter: PaperFilter) {
  papers(filter: $filter, first: 5, orderBy: [{field: AUTHOR_COUNT, direction: DESC}]) {
    totalCount
    facets(size: 5) {
      year {
        values {
          value
          count
        }
      }
      category {
        values {
          value
          count
        }
      }
    }
    nodes {
      title
      authorCount
    }
  }
}
`;

const DAY = `# What was listed on the newest day, and how large the shelf is.
query Day {
  daily(first: 10) {
    date
    previous
    next
    totalCount
    papers {
      title
      comments
    }
  }
  stats {
    papers
    publishedFrom
    publishedTo
  }
}
`;

export const EXAMPLES = [
  { query: SEARCH, variables: JSON.stringify({ words: "alignment" }, null, 2) },
  { query: COUNT, variables: JSON.stringify({ filter: { authorCount: { min: 2 } } }, null, 2) },
  { query: DAY },
];
