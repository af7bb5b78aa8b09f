"""One module a provider of models, and what models in this process share."""
