"""Whether it works: the quality of profiles, funnels, cohorts and the lift of campaigns."""
