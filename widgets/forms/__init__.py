"""What a form is made of: a schema's members as a tree of nodes, and the rows that they are shown in."""
