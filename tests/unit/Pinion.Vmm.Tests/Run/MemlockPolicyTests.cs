using Pinion.Vmm.Run;

namespace Pinion.Vmm.Tests.Run;

public sealed class MemlockPolicyTests
{
    private const ulong Kib = 1024;

    private readonly Limit _limit = new() { Soft = 64 * Kib, Hard = 64 * Kib * Kib };
    private readonly List<string> _reports = [];

    [Fact]
    public void TheLimitIsRaisedByTheExcessAndTheHeadroom()
    {
        MemlockPolicy policy = Policy(MemlockAction.Raise, 100 * Kib);
        policy.OnExcess(4 * Kib).ShouldBeNull();
        _limit.Soft.ShouldBe(168 * Kib);
        _limit.Hard.ShouldBe(64 * Kib * Kib);
        _reports.ShouldBe(["raised the limit of locked memory from 64 KiB to 168 KiB"]);
        policy.Raises.ShouldBe(1);
    }

    [Fact]
    public void WhatIsLockedBeyondTheLimitCountsToo()
    {
        // The limit was lowered after memory was locked: the excess alone would never be enough.
        _limit.Locked = 1000 * Kib;
        Policy(MemlockAction.Raise, 0).OnExcess(4 * Kib).ShouldBeNull();
        _limit.Soft.ShouldBe(1004 * Kib);
    }

    [Fact]
    public void KeepStopsWithTheNumbers()
    {
        Problem problem = Policy(MemlockAction.Keep, 0).OnExcess(4 * Kib).ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Host);
        problem.Message.ShouldBe("the guest's profiling buffer needs 4 KiB more of locked memory, 0 KiB are locked, the limit is 64 KiB");
        problem.Advice.ShouldContain("--memlock raise");
        _limit.Soft.ShouldBe(64 * Kib);
    }

    [Fact]
    public void WithPrivilegeTheHardLimitGoesUpToo()
    {
        _limit.Hard = 64 * Kib;
        _limit.Privileged = true;
        Policy(MemlockAction.Raise, 0).OnExcess(4 * Kib).ShouldBeNull();
        _limit.Soft.ShouldBe(68 * Kib);
        _limit.Hard.ShouldBe(68 * Kib);
    }

    [Fact]
    public void WithoutPrivilegeTheHardLimitIsTakenWhenTheExcessFits()
    {
        _limit.Hard = 80 * Kib;
        _limit.Locked = 64 * Kib;
        Policy(MemlockAction.Raise, 100 * Kib).OnExcess(4 * Kib).ShouldBeNull();
        _limit.Soft.ShouldBe(80 * Kib);
    }

    [Fact]
    public void WithoutPrivilegeAHardLimitThatIsTooLowIsReported()
    {
        _limit.Hard = 66 * Kib;
        _limit.Locked = 64 * Kib;
        Problem problem = Policy(MemlockAction.Raise, 0).OnExcess(4 * Kib).ShouldNotBeNull();
        problem.Message.ShouldContain("may not be raised beyond 66 KiB");
        problem.Advice.ShouldContain("LimitMEMLOCK=");
    }

    [Fact]
    public void KeepLetsARunningGuestDoWithoutAndSaysSoOnce()
    {
        MemlockPolicy policy = Policy(MemlockAction.Keep, 0);
        for (int i = 0; i < 3; i++)
        {
            policy.OnExit(4 * Kib, mayDecline: true).ShouldBe(new LimitAnswer(Decline: true));
        }

        policy.Declined.ShouldBe(3);
        policy.Raises.ShouldBe(0);
        _limit.Soft.ShouldBe(64 * Kib);
        _reports.ShouldHaveSingleItem().ShouldStartWith("the guest's profiling buffer needs 4 KiB more of locked memory, 0 KiB are locked, the limit is 64 KiB: the guest's profiling session ends");
    }

    [Fact]
    public void AHardLimitInTheWayIsARefusalNotAnEnd()
    {
        _limit.Hard = 66 * Kib;
        _limit.Locked = 64 * Kib;
        Policy(MemlockAction.Raise, 0).OnExit(4 * Kib, mayDecline: true).Decline.ShouldBeTrue();
        _reports.ShouldHaveSingleItem().ShouldContain("may not be raised beyond 66 KiB");
    }

    [Fact]
    public void WithoutAWayToRefuseTheMachineStops()
    {
        LimitAnswer answer = Policy(MemlockAction.Keep, 0).OnExit(4 * Kib, mayDecline: false);
        answer.Decline.ShouldBeFalse();
        answer.Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.Host);
    }

    [Fact]
    public void ARaisedLimitNeedsNoAnswer()
    {
        Policy(MemlockAction.Raise, 0).OnExit(4 * Kib, mayDecline: true).ShouldBe(default);
        _limit.Soft.ShouldBe(68 * Kib);
    }

    [Fact]
    public void RaisingThatNeverHelpsIsGivenUp()
    {
        _limit.Hard = ulong.MaxValue;
        MemlockPolicy policy = Policy(MemlockAction.Raise, 0);
        int raises = 0;
        Problem? problem = null;
        while (problem is null)
        {
            (++raises).ShouldBeLessThan(1000);
            problem = policy.OnExcess(4 * Kib);
        }

        problem.Message.ShouldContain("did not help");
    }

    [Fact]
    public void ProgressBetweenRaisesStartsTheCountAgain()
    {
        _limit.Hard = ulong.MaxValue;
        MemlockPolicy policy = Policy(MemlockAction.Raise, 0);
        for (int i = 0; i < 1000; i++)
        {
            policy.OnExcess(4 * Kib).ShouldBeNull();
            policy.OnProgress();
        }
    }

    [Fact]
    public void TheProcessesOwnNumbersAreRead()
    {
        ProcessMemlockLimit limit = new();
        (ulong soft, ulong hard) = limit.Get();
        hard.ShouldBeGreaterThanOrEqualTo(soft);
        limit.Locked.ShouldBeLessThan(1UL << 40);
        limit.Set(soft, hard).ShouldBe(0);
    }

    private MemlockPolicy Policy(MemlockAction action, ulong headroom) => new(action, headroom, _limit) { Report = _reports.Add };

    private sealed class Limit : IMemlockLimit
    {
        public ulong Soft { get; set; }

        public ulong Hard { get; set; }

        public ulong Locked { get; set; }

        public bool Privileged { get; set; }

        public (ulong Soft, ulong Hard) Get() => (Soft, Hard);

        public int Set(ulong soft, ulong hard)
        {
            if (soft > hard || (hard > Hard && !Privileged))
            {
                return 1;
            }

            (Soft, Hard) = (soft, hard);
            return 0;
        }
    }
}
