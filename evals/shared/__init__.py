"""What several scripts share: their command lines, the data sets they read, costs of processes, intervals, independent readers."""
