-- Which refs brought a change of the policy file: few did.
CREATE INDEX scans_policy ON scans (repository, ref) WHERE policy_changed = 1;
