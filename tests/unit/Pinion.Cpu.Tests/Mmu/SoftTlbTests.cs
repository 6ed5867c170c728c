using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Tests.Mmu;

/// <summary>When emitted code has to forget what it remembers.</summary>
public sealed unsafe class SoftTlbTests
{
    private const ulong Page = 0x1_2345_6000;
    private const ulong Conflicting = Page + (TlbEntry.Count * 4096ul);

    [Fact]
    public void WhatWasRememberedAndGoesChangesTheGeneration()
    {
        using var tlb = new SoftTlb(3);
        ulong first = tlb.Generation;
        Fill(tlb, Page);
        Fill(tlb, Conflicting);
        tlb.Generation.ShouldBe(first, "nobody remembered it");
        Remember(tlb, Conflicting);
        Fill(tlb, Page);
        tlb.Generation.ShouldBe(first + SoftTlb.Most);
        Remember(tlb, Page);
        tlb.FlushAddress(Page);
        tlb.Generation.ShouldBe(first + (2 * SoftTlb.Most));
    }

    [Fact]
    public void WhatWasRememberedInAnotherGenerationIsForgottenAlready()
    {
        using var tlb = new SoftTlb(3);
        Fill(tlb, Page);
        Fill(tlb, Page + 4096);
        Remember(tlb, Page);
        Remember(tlb, Page + 4096);
        Fill(tlb, Conflicting);
        ulong generation = tlb.Generation;
        Fill(tlb, Conflicting + 4096);
        tlb.Generation.ShouldBe(generation);
    }

    [Fact]
    public void AFillOfTheSameTranslationKeepsIt()
    {
        using var tlb = new SoftTlb(3);
        Fill(tlb, Page);
        Remember(tlb, Page);
        ulong generation = tlb.Generation;
        Fill(tlb, Page);
        tlb.Generation.ShouldBe(generation);
        tlb.FlushAll();
        tlb.Generation.ShouldNotBe(generation);
    }

    private static void Fill(SoftTlb tlb, ulong va) => tlb.Fill(va, va & 0xFFFF_F000, (byte*)0x7000_0000, readable: true, writable: true, notGlobal: false, level: 3);

    /// <summary>As emitted code stamps an entry.</summary>
    private static void Remember(SoftTlb tlb, ulong va)
    {
        TlbEntry* e = tlb.Entry(va);
        e->Physical = (e->Physical & ~TlbEntry.StampMask) | (((tlb.Generation >> 1) | TlbEntry.Remembered) & TlbEntry.StampMask);
    }
}
