"""Small widgets that several screens use. Each shows what it is handed and asks nothing."""
