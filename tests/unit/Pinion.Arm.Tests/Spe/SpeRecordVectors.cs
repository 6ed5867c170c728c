using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

/// <summary>Records that perf 7.2 was seen to decode as stated; the source for the Neoverse N1 ones is the layout of public record dumps.</summary>
internal static class SpeRecordVectors
{
    public const string UserLoadFromDram =
        "b0 00 01 40 00 00 00 00 80 | 64 d2 04 00 00 | 00*5 | 49 00 | 52 1e 03 | 99 51 01 | 98 f5 01 |" +
        "b2 34 12 00 80 ff ff 00 00 | 9a 01 00 | b3 34 12 00 88 00 00 00 80 | 43 0e | 00 00 | 71 28 46 0f 00 00 00 00 00";

    public const string KernelStore =
        "b0 04 01 08 10 00 80 ff a0 | 64 d2 04 00 00 | 00*5 | 49 01 | 52 16 00 | 99 02 00 | 98 06 00 | b2 78 56 34 12 00 00 ff ff | 9a 01 00 | 00*13 |" +
        "71 8c 46 0f 00*5";

    public const string TakenMispredictedBranch =
        "b0 0c 01 40 00 00 00 00 80 | 64 d2 04 00 00 | 00*5 | 4a 01 | 52 82 00 | 99 02 00 | 98 03 00 | b1 00 01 40 00 00 00 00 80 | 00*16 | 71 f0 46 0f 00*5";

    public const string NotTakenBranchWithoutTimestamp =
        "b0 0c 01 40 00 00 00 00 80 | 64 d2 04 00 00 | 00*5 | 4a 01 | 52 42 00 | 99 02 00 | 98 03 00 | 00*25 | 01 00*8";

    public const string PackedAlu = "b0 00 02 40 00 00 00 00 80 | 48 00 | 42 02 | 99 00 00 | 98 01 00 | 01 | 00*4";

    public const string PackedAtomic =
        "b0 00 03 40 00 00 00 00 80 | b4 f0 02 40 00 00 00 00 80 | b2 08 20 00 90 ff ff 00 00 | b3 08 20 00 90 00 00 00 80 | 64 4d 00 00 00 |" +
        "49 16 | 62 1e 01 b8 00 | 99 04 00 | 98 5f 00 | 9a 01 00 | 53 0a 00 | 71 10 4a 0f 00*5 | 00*59";

    public const string SveGather = "49 bc | 62 16 00 02 00 | 01";

    public const string NotRetired = "42 00 | 71 e0 51 0f 00*5 | 00*6";

    public const string ExceptionReturn = "b0 00 1f 08 10 00 80 ff a0 | b1 04 04 40 00 00 00 00 80 | 4a 02 | 42 02 | 99 02 00 | 98 0c 00 | 01 | 00*3";

    public const string FaultingLoad = "b0 00 01 40 00 00 00 00 80 | 49 00 | 42 33 | 98 3c 00 | 71 e0 51 0f 00*5";

    public const string RealNeoverseN1Tail =
        "49 00 | 52 1e 03 | 99 51 01 | 98 f5 01 | b2 50 9e d7 f1 3e 40 ff 00 | 9a 01 00 | b3 50 9e d7 71 3f 40 00 80 | 43 0c | 00 00 | 71 b3 9a e9 bd 3e 07 00 00";

    /// <summary>Bytes of a vector: hex bytes, "NN*count" for repeats, bars for reading.</summary>
    public static byte[] Bytes(string vector)
    {
        var bytes = new List<byte>();
        foreach (string token in vector.Split([' ', '|'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = token.Split('*');
            int count = parts.Length == 2 ? int.Parse(parts[1]) : 1;
            bytes.AddRange(Enumerable.Repeat(Convert.ToByte(parts[0], 16), count));
        }

        return [.. bytes];
    }

    public static SpeRecord Record(string vector)
    {
        var reader = new SpeRecordReader(Bytes(vector));
        reader.TryRead(out SpeRecord record).ShouldBeTrue();
        reader.TryRead(out _).ShouldBeFalse();
        reader.Damage.ShouldBe(default);
        return record;
    }
}
