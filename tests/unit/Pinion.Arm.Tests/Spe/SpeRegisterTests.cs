using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

public sealed class SpeRegisterTests
{
    [Fact]
    public void TheHonestProfileIsWhatItsIdentificationRegistersSay()
    {
        SpeProfile profile = SpeProfile.Honest;

        Pmsidr id = profile.Pmsidr;
        (id.Fe, id.Ft, id.Fl, id.ArchInst, id.Lds, id.ERnd, id.FnE).ShouldBe((true, true, true, true, true, true, true));
        (id.Fds, id.Pbt, id.Crr, id.Eft, id.Fpf).ShouldBe((false, false, false, false, false));
        id.MinimumInterval.ShouldBe(256);
        id.MaxRecordSize.ShouldBe(SpeRecordWriter.FixedSize);
        id.CounterBits.ShouldBe(16);
        profile.Pmbidr.Alignment.ShouldBe(64);
        profile.Pmbidr.F.ShouldBeTrue();
        profile.Pmbidr.P.ShouldBeFalse();
        profile.Pmbidr.MaxBuffSize.ShouldBe((ushort)0);
        profile.EventMask.ShouldBe(Pmsevfr.ImplementedMask(profile.PmsVer));
    }

    [Fact]
    public void TheOtherProfilesDeclareTheirRecordSizesAndIntervals()
    {
        SpeProfile.NeoverseN1.Pmsidr.MinimumInterval.ShouldBe(1024);
        SpeProfile.NeoverseN1.Pmsidr.CounterBits.ShouldBe(12);
        SpeProfile.NeoverseN1.Pmsidr.ArchInst.ShouldBeFalse();
        SpeProfile.NeoverseN1.EventMask.ShouldBe(Pmsevfr.ImplementedMask(1));
        SpeProfile.V1P4.Pmsidr.MaxRecordSize.ShouldBe(128);
        SpeProfile.V1P4.Pmsidr.Fds.ShouldBeTrue();
        SpeProfile.V1P4.EventMask.ShouldBe(Pmsevfr.ImplementedMask(5));
    }

    [Theory]
    [InlineData(0, false, 0x0)]
    [InlineData(1, false, 0xAA)]
    [InlineData(1, true, 0xAA)]
    [InlineData(2, false, 0x8AA)]
    [InlineData(2, true, 0x608AA)]
    [InlineData(3, false, 0x8EA)]
    [InlineData(4, true, 0x608EA)]
    [InlineData(5, false, 0xF80FFE)]
    [InlineData(5, true, 0xFE0FFE)]
    public void TheEventFilterHasTheBitsOfItsVersion(int pmsVer, bool sve, ulong mask) => Pmsevfr.ImplementedMask(pmsVer, sve).ShouldBe(mask);

    [Fact]
    public void FilledSetsServiceAndAnMssOfExactlyOneAndKeepsTheStickyBits()
    {
        var before = new Pmbsr(Pmbsr.CollMask | Pmbsr.DlMask | 0x24);

        Pmbsr after = before.WithBufferFilled();

        after.S.ShouldBeTrue();
        after.Mss.ShouldBe((ushort)1);
        after.Ec.ShouldBe(PmbsrEventClass.Buffer);
        after.Bsc.ShouldBe(PmbsrBufferStatus.Filled);
        (after.Coll, after.Dl, after.Ea).ShouldBe((true, true, false));
    }

    [Fact]
    public void AnEventWhileServiceIsSetChangesNothing()
    {
        Pmbsr first = default(Pmbsr).WithEvent(PmbsrEventClass.Stage2Abort, 0x07, dataLost: true);

        first.WithBufferFilled().ShouldBe(first);
        first.Fsc.ShouldBe((byte)0x07);
        first.Value.ShouldBe((0x25ul << 26) | Pmbsr.DlMask | Pmbsr.SMask | 7);
    }

    [Fact]
    public void ACollisionSetsOnlyColl() => default(Pmbsr).WithCollision().Value.ShouldBe(1ul << 16);

    [Theory]
    [InlineData(0x0, 0x1000, true)]
    [InlineData(0x0FC0, 0x1000, true)]
    [InlineData(0x0FC1, 0x1000, false)]
    [InlineData(0x1000, 0x1000, false)]
    [InlineData(0x0, 0x0, false)]
    public void ABufferHasRoomUpToOneRecordBelowItsLimit(ulong pointer, ulong limit, bool room) =>
        new Pmbptr(pointer).HasRoom(new(limit | 1), SpeProfile.Honest.Pmsidr).ShouldBe(room);

    [Fact]
    public void AnIntervalOfZeroActsAsOneUnit()
    {
        new Pmsirr(1).Interval.ShouldBe(256u);
        new Pmsirr(1).Rnd.ShouldBeTrue();
        new Pmsirr(0xFFFF_FF00).Interval.ShouldBe(0xFFFF_FF00u);
    }

    [Fact]
    public void TheSecondaryCounterExistsOnlyWithERnd()
    {
        Pmsicr.ImplementedMask(ernd: false).ShouldBe(0xFFFF_FFFFul);
        Pmsicr.ImplementedMask(ernd: true).ShouldBe(0xFF00_0000_FFFF_FFFFul);
        Pmsicr.From(5, 0x80).ShouldBe(new(0x8000_0000_0000_0005));
    }

    [Fact]
    public void WithoutTypesTheTypeFilterKeepsEverything() => new Pmsfcr(Pmsfcr.FtMask).KeepsTypes(0).ShouldBeTrue();

    [Theory]
    [InlineData(Pmsfcr.LdMask, Pmsfcr.LdMask | Pmsfcr.StMask, true)]
    [InlineData(Pmsfcr.LdMask | Pmsfcr.BMask, Pmsfcr.BMask, true)]
    [InlineData(Pmsfcr.LdMask, Pmsfcr.StMask, false)]
    [InlineData(Pmsfcr.LdMask, 0, false)]
    public void TypesAreOred(ulong control, ulong types, bool kept) => new Pmsfcr(Pmsfcr.FtMask | control).KeepsTypes(types).ShouldBe(kept);

    [Theory]
    [InlineData(Pmsfcr.LdMask, true)]
    [InlineData(Pmsfcr.LdMask | Pmsfcr.StMask, false)]
    [InlineData(0, false)]
    public void AMaskedTypeWithoutControlMustBeAbsent(ulong types, bool kept)
    {
        ulong loadsThatAreNoStores = Pmsfcr.FtMask | Pmsfcr.LdMask | (Pmsfcr.StMask << Pmsfcr.TypeMaskShift);
        new Pmsfcr(loadsThatAreNoStores).KeepsTypes(types).ShouldBe(kept);
    }

    [Fact]
    public void FilterControlsWithoutFeaturesAreRes0()
    {
        Pmsfcr.ImplementedMask(SpeProfile.NeoverseN1.Pmsidr).ShouldBe(0x7_0007ul);
        Pmsfcr.ImplementedMask(SpeProfile.Honest.Pmsidr).ShouldBe(0x7_000Ful);
        Pmsfcr.ImplementedMask(SpeProfile.V1P4.Pmsidr).ShouldBe(0x001F_0000_001F_001Ful);
        Pmblimitr.ImplementedMask(1).ShouldBe(0xFFFF_FFFF_FFFF_F001);
        Pmblimitr.ImplementedMask(3).ShouldBe(0xFFFF_FFFF_FFFF_F027);
    }
}
