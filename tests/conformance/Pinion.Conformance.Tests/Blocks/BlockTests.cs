using Pinion.Cpu;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// Random blocks of instructions end as they do under qemu-aarch64: all registers, flags, FPCR, FPSR, memory. Environment: PINION_BLOCKS (blocks in all), PINION_BLOCK_SEED,
/// PINION_BLOCK_GROUP (a name of <see cref="RowGroup"/>), PINION_BLOCK_ROW (mnemonics or row names: blocks of one instruction), PINION_BLOCK_ENGINE (Threaded, Switch, Block or Region).
/// </summary>
public sealed class BlockTests
{
    private const int DefaultBlocks = 20_000;
    private const int Length = 12;

    public static TheoryData<string> Groups => [.. Enum.GetNames<RowGroup>().Where(n => n != nameof(RowGroup.None))];

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("PINION_BLOCK_SEED"), out int seed) ? seed : 20260;

    private static int Total => int.TryParse(Environment.GetEnvironmentVariable("PINION_BLOCKS"), out int blocks) ? blocks : DefaultBlocks;

    private static EngineKind[] Engines => Enum.TryParse(Environment.GetEnvironmentVariable("PINION_BLOCK_ENGINE"), ignoreCase: true, out EngineKind engine)
        ? [engine] : [EngineKind.Threaded, EngineKind.Switch, EngineKind.Block, EngineKind.Region];

    [Theory]
    [MemberData(nameof(Groups))]
    public void RandomBlocksOfAGroupEndAsQemuSays(string name)
    {
        QemuUser.Require();
        string? only = Environment.GetEnvironmentVariable("PINION_BLOCK_GROUP");
        if (only is not null && !only.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            Assert.Skip($"PINION_BLOCK_GROUP is {only}");
        }

        if (Environment.GetEnvironmentVariable("PINION_BLOCK_ROW") is not null)
        {
            Assert.Skip("PINION_BLOCK_ROW asks for single instructions");
        }

        RowGroup group = Enum.Parse<RowGroup>(name);
        Row[] rows = [.. Row.All.Where(r => r.Group == group)];

        // Branches and barriers alone compute nothing: give them company.
        if (group is RowGroup.Branch or RowGroup.System)
        {
            rows = [.. rows, .. Row.All.Where(r => r.Group is RowGroup.Integer or RowGroup.Memory)];
        }

        int count = only is not null ? Total : Total / (Groups.Count + 1);
        Check(Blocks(new Random(Seed + (int)group), rows, count));
    }

    [Fact]
    public void RandomBlocksOfAllGroupsEndAsQemuSays()
    {
        QemuUser.Require();
        if (Environment.GetEnvironmentVariable("PINION_BLOCK_GROUP") is not null || Environment.GetEnvironmentVariable("PINION_BLOCK_ROW") is not null)
        {
            Assert.Skip("another part was asked for");
        }

        Check(Blocks(new Random(Seed), [.. Row.All], Total / (Groups.Count + 1)));
    }

    [Fact]
    public void SingleInstructionsOfEveryRowEndAsQemuSays()
    {
        QemuUser.Require();
        string? wanted = Environment.GetEnvironmentVariable("PINION_BLOCK_ROW");
        if (wanted is null && Environment.GetEnvironmentVariable("PINION_BLOCK_GROUP") is not null)
        {
            Assert.Skip("PINION_BLOCK_GROUP asks for blocks");
        }

        string[] names = wanted?.Split(',') ?? [];
        Row[] rows = [.. Row.All.Where(r => names.Length == 0
            || names.Any(n => n.Equals(r.Name, StringComparison.OrdinalIgnoreCase) || n.Equals(r.Mnemonic.Split('{')[0], StringComparison.OrdinalIgnoreCase)))];
        rows.ShouldNotBeEmpty($"PINION_BLOCK_ROW={wanted} names no row");
        int each = wanted is null ? Math.Max(8, Total / 2 / rows.Length) : Math.Max(1, Total / rows.Length);
        Check(rows.SelectMany(row => Singles(new Random((Seed * 1000) + (int)row.Id), row, each)));
    }

    [Fact]
    public void TheGeneratorReachesEveryRow()
    {
        string[] missing = [.. Row.All.Where(row => !Singles(new Random(1), row, 40).Any(b => b.Ids.Contains(row.Id))).Select(r => r.Name)];
        missing.ShouldBeEmpty();
    }

    private static void Check(IEnumerable<Block> blocks)
    {
        string difference = BlockOracle.Compare(blocks, Engines);
        Assert.True(difference.Length == 0, difference);
    }

    private static IEnumerable<Block> Blocks(Random random, Row[] rows, int count)
    {
        var generator = new BlockGenerator(random, rows);
        for (int i = 0; i < count; i++)
        {
            yield return generator.Next(random.Next(1, 2 * Length));
        }
    }

    private static IEnumerable<Block> Singles(Random random, Row row, int count)
    {
        var generator = new BlockGenerator(random, [row]);
        for (int i = 0; i < count; i++)
        {
            yield return generator.Next(1);
        }
    }
}
