using System.Collections.Concurrent;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Blocks that several threads share.</summary>
public sealed class BlockPoolTests
{
    [Test]
    public void ABlock_BelongsToOneThreadAtATime()
    {
        var pool = BlockPool.Take();
        var held = new ConcurrentDictionary<byte[], bool>();
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                byte[] one = pool.Rent(), other = pool.Rent();
                Assert.That(held.TryAdd(one, true) && held.TryAdd(other, true));
                held.TryRemove(one, out bool _);
                held.TryRemove(other, out bool _);
                pool.Return(one);
                pool.Return(other);
            }
        });
        GC.KeepAlive(pool);
    }

    [Test]
    public void WhatOneThreadReturns_ItGetsAgain()
    {
        var pool = BlockPool.Take();
        byte[][] blocks = [.. Enumerable.Range(0, 200).Select(_ => pool.Rent())];
        foreach (byte[] block in blocks)
            pool.Return(block);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < blocks.Length; i++)
                blocks[i] = pool.Rent();
            foreach (byte[] block in blocks)
                pool.Return(block);
        });
        Assert.That(BlockPool.Take(), Is.SameAs(pool));
    }
}
