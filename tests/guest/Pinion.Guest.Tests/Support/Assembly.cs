using Pinion.Guest.Tests.Support;

// A guest takes a core for itself: side by side, two of them would only wait for each other and run into their limits.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(DebianGuest))]
[assembly: AssemblyFixture(typeof(RecordedTraces))]
[assembly: AssemblyFixture(typeof(RecordedWorkloads))]
