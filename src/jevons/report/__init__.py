"""One versioned document per report (`build`, `document`), and its renderings. Knows no physics."""
