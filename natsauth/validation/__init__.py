"""What is wrong with claims: the findings that nsc and the server would make."""
