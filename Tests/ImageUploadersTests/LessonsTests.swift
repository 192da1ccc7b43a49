// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import ImageUploaders

@Suite struct LessonsTests {
    private func refusal(_ code: TranshipError.Code, _ status: Int, _ text: String)
        -> TranshipError
    {
        TranshipError(
            code, "Glance answered \(status): \(text)",
            answer: ServiceAnswer(status: status, message: text, asked: "POST /v2/images"))
    }

    private func record(properties: Int = 0, tags: Int = 0, disk: String = "raw") -> PlannedRecord {
        var record = Sample.record()
        record.diskFormat = disk
        for index in 0..<properties { record.properties["p\(index)"] = "x" }
        record.tags = (0..<tags).map { "t\($0)" }
        return record
    }

    @Test func `A refused format counts for records of this format alone`() {
        var lessons = Lessons()
        let error = lessons.learn(
            from: refusal(.badRequest, 400, "'qcow2' is not one of [None, 'raw']"),
            record: record(disk: "qcow2"))
        #expect(error.hint?.contains("doctor") == true)
        let again = lessons.objection(to: record(properties: 5, disk: "qcow2"))
        #expect(again?.code == .badRequest)
        #expect(again?.message.contains("'qcow2' is not one of") == true)
        #expect(lessons.objection(to: record(disk: "raw")) == nil)
    }

    @Test func `Another bad request teaches nothing`() {
        var lessons = Lessons()
        let error = refusal(.badRequest, 400, "'name' is too long")
        #expect(lessons.learn(from: error, record: record()).hint == nil)
        #expect(lessons.objection(to: record()) == nil)
    }

    @Test func `A limit counts for all records above it`() {
        var lessons = Lessons()
        let words = "the number of allowed image properties. Attempted: 21, Maximum: 20"
        let error = lessons.learn(
            from: refusal(.quotaExceeded, 413, words), record: record(properties: 20))
        #expect(error.hint?.contains("one of the 21 properties") == true)
        #expect(error.message.hasPrefix("its record has 21 properties: "))
        // Ten keys, and the number of further ones.
        #expect(error.hint?.contains("(p0, p1, p10, ") == true)
        #expect(error.hint?.contains(" and 10 more)") == true)
        #expect(lessons.objection(to: record(properties: 19)) == nil)
        let other = lessons.objection(to: record(properties: 40))
        #expect(other?.hint?.contains("one of the 41 properties") == true)
        #expect(
            other?.message
                == "not sent, as the target refused another image of this run: this one has 41 "
                + "properties with our marker, and the target takes at most 20")
        #expect(!(other?.hint?.contains("image_tag_quota") ?? true))
    }

    @Test func `A limit without its number is below what was refused`() {
        var lessons = Lessons()
        let error = lessons.learn(
            from: refusal(.quotaExceeded, 413, "too many tags"), record: record(tags: 10))
        #expect(error.hint?.contains("image_tag_quota") == true)
        #expect(lessons.objection(to: record(tags: 9)) == nil)
        let other = lessons.objection(to: record(tags: 12))
        #expect(
            other?.message.hasSuffix("has 12 tags, and the target refused 10 as too many") == true)
        #expect(other?.hint?.contains("t0, t1, t10") == true)
    }

    @Test func `A refused member counts for all copies with more members, before they are sent`() {
        var lessons = Lessons()
        let words = "the number of allowed image members. Attempted: 3, Maximum: 2"
        let error = lessons.learn(
            fromMember: refusal(.quotaExceeded, 413, words), of: ["a", "b", "c"])
        #expect(error.message.hasPrefix("sharing it with 3 projects (a, b, c): "))
        #expect(error.hint?.contains("image_member_quota") == true)
        #expect(lessons.objection(toMembers: ["a", "b"]) == nil)
        #expect(
            lessons.objection(toMembers: ["a", "b", "c", "d"])?.message.hasSuffix(
                "this one has 4 members, and the target takes at most 2") == true)
        #expect(lessons.objection(to: record(properties: 100, tags: 100)) == nil)
    }

    @Test func `Another refusal of a member teaches nothing`() {
        var lessons = Lessons()
        let error = lessons.learn(fromMember: refusal(.forbidden, 403, "policy"), of: ["a"])
        #expect(error.message == "Glance answered 403: policy" && error.hint == nil)
        #expect(lessons.objection(toMembers: ["a", "b"]) == nil)
    }

    @Test func `The targets of one service learn together, and each has its own rights`() {
        let lessons = TargetLessons()
        _ = lessons.learn(
            from: refusal(.quotaExceeded, 413, "too many tags"), record: record(tags: 10))
        var transfer = Sample.transfer()
        transfer.intent.record = record(tags: 11)
        #expect(lessons.objection(to: transfer)?.message.contains("has 11 tags") == true)
        transfer.intent.record = record(tags: 9)
        #expect(lessons.objection(to: transfer) == nil)
    }

    @Test func `A target where our marker fits nowhere gets no copy, and the risk is explained`() {
        var lessons = Lessons()
        for error in [
            lessons.learn(
                from: refusal(.quotaExceeded, 413, "properties. Attempted: 3, Maximum: 0"),
                record: record(properties: 2)),
            lessons.learn(
                from: refusal(.quotaExceeded, 413, "too many properties"), record: record()),
            lessons.learn(
                from: refusal(.forbidden, 403, "Property 'tranship_origin' is protected"),
                record: record()),
        ] {
            #expect(
                error.hint?.hasPrefix("nothing is copied without our marker tranship_origin")
                    == true)
        }
    }

    @Test func `A full quota teaches nothing about records`() {
        var lessons = Lessons()
        _ = lessons.learn(from: refusal(.quotaExceeded, 413, "over quota"), record: record())
        #expect(lessons.objection(to: record()) == nil)
    }

    @Test func `A missing right to send data counts for all, a refused body for itself`() {
        var lessons = Lessons()
        lessons.learn(fromBody: refusal(.formatRejected, 415, "not a qcow2"))
        lessons.learn(fromBody: refusal(.forbidden, 403, "policy"))
        #expect(lessons.objection(to: record()) == nil)
        lessons.learn(fromBody: refusal(.forbidden, 401, "Authentication required"))
        #expect(lessons.objection(to: record())?.code == .forbidden)
    }
}
