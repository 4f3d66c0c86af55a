// The recommended rules for schemas and the rules for Relay, all of them, as errors.

import graphqlPlugin from '@graphql-eslint/eslint-plugin';

// Values without an identity of their own: parts of a paper or of an answer. A client must keep
// them within what holds them, and an invented id would have it merge them.
const VALUES = [
  'Alternative', 'AlternativeParameter', 'Author', 'DailyPage', 'Explanation', 'ExternalIds', 'Facet',
  'FacetValue', 'Facets', 'Fragment', 'Highlight', 'Link', 'PageInfo', 'QueryWarning', 'RelatedPaper',
  'ScorePart', 'Source', 'Stats', 'Suggestion',
];

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphqlPlugin.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphqlPlugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...graphqlPlugin.configs['flat/schema-recommended'].rules,
      ...graphqlPlugin.configs['flat/schema-relay'].rules,
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { types: VALUES, suffixes: ['Connection', 'Edge'] } },
      ],
      // Otherwise every list would have to be a connection, also the few authors of a paper, and
      // the `nodes` by ids that Relay's specification of node identification itself asks for.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
