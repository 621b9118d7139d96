"""The built-in task: columns, features and generator of Kaggle's Spaceship Titanic."""
