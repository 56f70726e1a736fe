// the loader of tests
