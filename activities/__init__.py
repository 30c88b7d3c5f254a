"""Who does it: adapters from the steps' messages to the upstream, one side effect each."""
