"""What things are: tables, records, questions, answers and errors. Declarations only, no I/O."""
