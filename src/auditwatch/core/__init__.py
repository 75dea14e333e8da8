"""What every room leans on: tables, errors, clock, files, strict YAML. Imports no other room."""
