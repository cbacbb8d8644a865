"""Where records are kept, and how calls become cells. Knows no physics."""
