-- The few deliveries that tell of a repository's deletion: each later delivery about it is looked up among them.
CREATE INDEX deliveries_deleted ON deliveries (repository) WHERE event = 'repository' AND action = 'deleted';
