"""What can be measured and recognised in one picture without asking a model."""
