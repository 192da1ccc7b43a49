// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The lines that `NumberTests` allows, with the reason why no number from outside reaches them.
/// Each file has its number of lines: one more needs another look.
enum NumberExceptions {
    struct Reason {
        var lines: Int
        var why: String

        init(_ lines: Int, _ why: String) {
            self.lines = lines
            self.why = why
        }
    }

    static let conversions: [String: Reason] = [
        "SourceReaders/URL/LinkTag.swift": Reason(1, "digits as text, which may be none"),
        "ByteStreams/ByteRing+Descriptors.swift": Reason(1, "a constant"),
        "ByteStreams/ByteRing+Reader.swift": Reason(1, "milliseconds of our own callers"),
        "ByteStreams/Monitor.swift": Reason(2, "our clock"),
        "ByteStreams/RingBuffers.swift": Reason(1, "an address"),
        "ByteStreams/ThreadPool.swift": Reason(1, "a constant"),
        "Decompression/ZstdFrames.swift":
            Reason(2, "positions in our buffer, and fields of at most 8 bytes"),
        "HTTPTransport/Exchange+Callbacks.swift": Reason(1, "0 or 1"),
        "HTTPTransport/HandlePool.swift": Reason(2, "settings of ours"),
        "HTTPTransport/NoProxy.swift": Reason(2, "0 to 32 bits, and a field of 32 bits"),
        "HTTPTransport/OpenSockets.swift": Reason(4, "constants"),
        "HTTPTransport/Redirect.swift": Reason(2, "constants"),
        "HTTPTransport/StallClock.swift": Reason(1, "a setting of ours"),
        "HTTPTransport/UnreadAnswer+TLS.swift":
            Reason(2, "a number of digits, which may be none, and the size of our buffer"),
        "ImageArchives/ArchivedID.swift": Reason(2, "16 hexadecimal digits"),
        "ImageFormats/DataKind+Detection.swift": Reason(1, "single bytes"),
        "ImageFormats/HeadBytes.swift":
            Reason(4, "positions in 64 KiB, checked against their count first"),
        "ImageFormats/InnerDisk.swift":
            Reason(2, "positions in 64 KiB, checked against their count first"),
        "MigrationJournal/Bodies.swift": Reason(6, "sizes of rows, which are at most 64 MiB"),
        "MigrationPipeline/Scheduler/Scheduler.swift": Reason(1, "a constant"),
        "OpenStackImage/Identity/CloudSession.swift": Reason(1, "a number of our own callers"),
        "OpenStackImage/ImageData/OpenFile.swift": Reason(1, "a constant"),
        "PipelineFiles/FileName.swift": Reason(1, "a hexadecimal digit"),
        "SourceReaders/ChecksumList.swift": Reason(1, "a byte"),
        "tranship/Rendering/DataProgress.swift": Reason(1, "a share from 0 to 1 of a bar"),
        "tranship/Rendering/Terminal.swift": Reason(2, "constants"),
    ]

    static let sums: [String: Reason] = [
        "Planning/Planner+Ahead.swift": Reason(2, "times of our clock"),
        "SourceReaders/PartedReading.swift":
            Reason(5, "positions in data whose size came through the door, and our clock"),
        "SourceReaders/SourceConnections.swift": Reason(2, "constants"),
        "Decompression/Decompressor.swift":
            Reason(4, "a list of bytes, and bytes that really came"),
        "Decompression/Gunzip.swift": Reason(1, "bytes that really came"),
        "Decompression/ZstdFrames.swift":
            Reason(2, "at most 2^32 and 4 bytes of a field, and bytes that really came"),
        "SourceReaders/KeyringShape.swift":
            Reason(3, "lengths of at most 4 bytes, and places in a list of bytes"),
        "SourceReaders/URL/URLImage+Listing.swift":
            Reason(2, "a constant, and a Double of our own"),
        "ByteStreams/BandwidthLimiter.swift": Reason(3, "Doubles, and our clock"),
        "ByteStreams/RingBuffers.swift": Reason(2, "sizes of our own buffers"),
        "ByteStreams/ByteRing+Descriptors.swift": Reason(1, "positions in our buffer"),
        "ByteStreams/ByteRing+Reader.swift": Reason(3, "our clock and waits of our own"),
        "ByteStreams/ByteRing.swift": Reason(2, "positions in our buffer"),
        "ByteStreams/ThreadPool.swift": Reason(1, "our clock"),
        "HTTPTransport/Exchange.swift": Reason(1, "our clock"),
        "HTTPTransport/Echoes.swift": Reason(2, "lists of bytes"),
        "HTTPTransport/Exchange+Callbacks.swift": Reason(3, "bytes that really came"),
        "HTTPTransport/Exchange+Options.swift": Reason(3, "settings of ours"),
        "HTTPTransport/HandlePool.swift": Reason(2, "our clock and a setting"),
        "HTTPTransport/OpenSockets.swift": Reason(1, "a list of bytes, not a number"),
        "HTTPTransport/StallClock.swift": Reason(5, "our clock and bytes that really came"),
        "HTTPTransport/UnreadAnswer+TLS.swift": Reason(1, "a list of bytes, not a number"),
        "HTTPTransport/UploadSource.swift":
            Reason(2, "bytes that really came; a size is not negative here"),
        "ImageArchives/OpenFolder.swift": Reason(1, "a list of bytes, not a number"),
        "ImageUploaders/Cloud/Removal.swift": Reason(1, "times of years 0 to 9999"),
        "MigrationJournal/Bodies.swift": Reason(3, "sizes of rows, which are at most 64 MiB"),
        "MigrationModel/SourceVersion.swift":
            Reason(1, "the smaller minus the larger of two numbers that are not negative"),
        "MigrationPipeline/Contracts/SteadyClock.swift": Reason(1, "our clock"),
        "MigrationPipeline/Outages/CircuitBreakers.swift": Reason(3, "a policy of ours"),
        "MigrationPipeline/Scheduler/Scheduler+Failures.swift": Reason(1, "a Double"),
        "MigrationPipeline/Scheduler/Scheduler.swift": Reason(1, "a Double"),
        "MigrationPipeline/Spool/SpoolFile.swift":
            Reason(6, "bytes that are in the file, and positions up to 2^53"),
        "MigrationPipeline/Steps/SpoolStep.swift":
            Reason(8, "positions and sizes up to 2^53, one at a time"),
        "OpenStackImage/Identity/TokenCache.swift": Reason(1, "times of years 0 to 9999"),
        "OpenStackImage/ImageData/ImageService+ImageData.swift":
            Reason(1, "sizes and positions up to 2^53, which are not negative"),
        "OpenStackImage/Waiting/Pace.swift": Reason(1, "a Double of our own callers"),
        "PipelineFiles/ImageSelection.swift": Reason(1, "a span up to 2^53"),
        "Basics/WholeFile.swift": Reason(1, "a list of bytes, not a number"),
        "SourceReaders/URL/URLImage+Latest.swift": Reason(1, "a Double of our own"),
        "SourceReaders/URL/URLImage+Reading.swift": Reason(1, "a Double of our own"),
        "SourceReaders/PublishedList.swift": Reason(3, "a Double of our own"),
        "SourceReaders/Reopening.swift": Reason(1, "a Double of our own"),
        "tranship/Rendering/DataProgress.swift":
            Reason(2, "done is less than the size, and neither is negative"),
    ]

    static let preconditions: [String: Reason] = [
        "ExternalPrograms/OperatorCommand.swift":
            Reason(1, "a command that the parser of pipeline files has checked"),
        "ByteStreams/ByteRing+Producer.swift": Reason(1, "the order of calls"),
        "ByteStreams/ByteRing+Reader.swift": Reason(3, "the order of calls"),
        "ByteStreams/ByteRing+Waiting.swift": Reason(2, "the order of calls"),
        "ByteStreams/ByteRing.swift": Reason(1, "a constant of the caller"),
        "ByteStreams/RingBuffers.swift": Reason(1, "a system never maps memory at 0"),
        "Digests/DerivedID.swift": Reason(2, "a constant, and an OpenSSL without SHA-1"),
        "Digests/StreamingDigest.swift": Reason(2, "the order of calls"),
        "HTTPTransport/AsyncGate.swift": Reason(1, "a constant of the caller"),
        "HTTPTransport/Exchange+Callbacks.swift": Reason(1, "the pointer that we gave to curl"),
        "ImageUploaders/Cloud/CloudUploader.swift":
            Reason(1, "cases that the same file does not ask for"),
        "ImageUploaders/RemovalOutcome.swift":
            Reason(3, "cases that the right does not lead to"),
        "ImageUploaders/Archive/ArchiveUploader.swift":
            Reason(1, "cases that the right does not lead to"),
        "ImageUploaders/Archive/ArchiveUploader+Register.swift":
            Reason(1, "a case that the same target does not ask for"),
        "ImageUploaders/Cloud/CloudUploader+Series.swift":
            Reason(2, "cases that go to Removal, or that the same file does not ask for"),
        "MigrationJournal/BodyEncoder.swift":
            Reason(1, "the order in which code writes the parts of a value"),
        "MigrationJournal/CommitQueue.swift":
            Reason(1, "a write of ours that threw nothing returned its value"),
        "MigrationJournal/DatabaseAccess.swift": Reason(2, "a closure of ours is called once"),
        "MigrationJournal/Journal.swift": Reason(1, "for tests"),
        "MigrationJournal/Queue/Journal+Queue.swift":
            Reason(1, "a transfer of a row has its number"),
        "MigrationModel/ImageIdentity.swift":
            Reason(1, "isPlausible refuses a row with another number"),
        "MigrationModel/SourceVersion.swift": Reason(1, "callers check both before"),
        "MigrationModel/Transfer.swift":
            Reason(1, "the table of states, and the steps that keep to it"),
        "MigrationPipeline/Admission/Scheduler+Limits.swift":
            Reason(1, "the pipeline file refuses a limit of 0"),
        "MigrationPipeline/Scheduler/Scheduler.swift":
            Reason(1, "the query leaves final rows out, and a row agrees with its body"),
        "MigrationPipeline/Spool/Spool.swift":
            Reason(2, "the parser makes the path absolute, and an OpenSSL without SHA-1"),
        "OpenStackImage/Service/JSONCoding.swift":
            Reason(1, "JSON has no such numbers: the reader refuses 1e999"),
    ]
}
