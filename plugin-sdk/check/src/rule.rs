//! The rules: what a plugin must keep to, why, and what to do about it. The page `docs/reference/validator-rules.md` is written from here.

use serde::Serialize;

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name and the anchor of its section in the page of rules.
    pub id: &'static str,
    /// The level at which it is asked first.
    pub level: u8,
    /// What must hold.
    pub title: &'static str,
    /// Why it must.
    pub why: &'static str,
    /// What to do if it does not.
    pub advice: &'static str,
}

impl Rule {
    /// The page of rules, in the repository.
    pub const PAGE: &'static str = "docs/reference/validator-rules.md";

    /// The rule of this name.
    pub fn named(id: &str) -> Option<&'static Self> {
        RULES.iter().copied().find(|rule| rule.id == id)
    }

    /// Its section in the page of rules.
    pub fn page(&self) -> String {
        format!("{}#{}", Self::PAGE, self.id)
    }
}

macro_rules! rules {
    ($($name:ident $level:literal $id:literal: $title:literal; $why:literal; $advice:literal)*) => {
        $(
            #[doc = $title]
            pub static $name: Rule = Rule { id: $id, level: $level, title: $title, why: $why, advice: $advice };
        )*
        /// All rules, by level.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    NOT_A_PLUGIN 1 "not-a-plugin":
        "The file is a whole shared library for this machine, with a section `.jf_meta`.";
        "A host learns who a plugin is without running it, from that section. What is cut off or built for another machine cannot be opened.";
        "Build a `cdylib` with `export!` (Rust), or with `-shared` and `JF_META` (C). Do not strip the section headers."
    DESCRIPTOR 1 "descriptor":
        "The metadata can be read and is complete: id, name, version, maker, licence, description, formats, parameters, statistics.";
        "It is all that people see of a plugin before they choose it, and what manifests, pages and metrics name it by.";
        "Give the descriptor an id of the form `vendor.area.name`, a semver version, a maker, an SPDX licence and a sentence; give each parameter and statistic a name in snake_case and a help text; keep defaults within their range."
    ABI_VERSION 1 "abi-version":
        "It was built for the major version of the boundary that this host has.";
        "Another major version means other structs: a host that called it would read memory as something that it is not.";
        "Build it with the SDK or the header that comes with this host."
    TABLE_SHAPE 1 "table-shape":
        "Its tables and structs have the shape that this host knows, over the part that both know.";
        "A method that takes other arguments is called with the wrong ones, and nothing but luck decides what happens.";
        "Build it with this host's SDK or header, and do not edit the header. In C, list the shape of every area in `JF_META`."
    ENTRY 1 "entry":
        "The dynamic linker opens it, and its entry is whole and offers every module that the metadata promises.";
        "The host finds everything else through the entry.";
        "Export the symbol that the `entry` line names, set its `size`, and list every module in `modules`. See `ldd` for libraries that it lacks."
    TABLE_SIZE 1 "table-size":
        "Each instance comes with a table of a size that its revision has had, and no required method is missing.";
        "Tables only grow at the end, so the size tells the host which methods are there.";
        "Set `size` to sizeof of the table and `revision` to the header's constant, and fill in every required method."
    MAKES_AN_INSTANCE 1 "makes-an-instance":
        "It makes an instance, with default parameters, from a seed.";
        "A host that chose a plugin has nothing to put into the socket if this fails.";
        "Do not depend on files, variables or devices in `create`; what must be opened is opened later, by location. Say in the fault what is missing."
    CRASHES 1 "crashes":
        "It does not crash.";
        "A crash in process takes the whole host with it: every call that it carries.";
        "Look at the place that is named. Build with a sanitizer (`-fsanitize=address`, or `-Z sanitizer=address` with nightly Rust) and run the same case again."
    ABORTS 1 "aborts":
        "It does not abort.";
        "An abort ends the host. The C library aborts too when the heap is damaged.";
        "Return a fault instead. In Rust build with panic = \"unwind\" and do not panic in a destructor while another panic is under way."
    EXITS 1 "exits":
        "It does not end the process.";
        "The process is the host's, and so are all the other calls in it.";
        "Return a fault and let the host decide. Look for libraries that exit on errors."
    HANGS 1 "hangs":
        "Every call comes back.";
        "A call that does not come back stops the audio thread, and with it everyone in the room.";
        "Bound every loop, and wait for nothing in `[audio]` and `[network]` methods. The place that is named is where it was when its time was up."
    MEMORY_LIMIT 1 "memory-limit":
        "It gets by with the memory that a case may use (1 GiB).";
        "A host runs one instance for each participant.";
        "Look at what grows: the place that is named asked for memory that there was not."
    PANICS 1 "panics":
        "It does not panic, and no exception leaves it.";
        "A panic is caught at the boundary, but the instance is out of use from then on, and to raise one allocates on the audio thread.";
        "Return a `Fault` for input that cannot be, and use `get` where an index may be wrong."
    CONFORMANCE 2 "conformance":
        "It keeps what the trait of its area promises: the area's conformance suite passes.";
        "Hosts rely on every sentence of the trait's documentation, and so do the plugins around it.";
        "Run the suite in the plugin's own tests: `jackfield_testkit::conformance!`. The case that failed is named, and each case is a function of the testkit with a sentence that says what it asks."
    PANICS_IN_DROP 2 "panics-in-drop":
        "It can be destroyed without a panic.";
        "What a destructor does not get to free is lost, and one panic within another ends the process.";
        "Panic nowhere in `drop`; ignore errors there, or log them."
    EXTREMES 2 "extremes":
        "Extreme parameters, odd formats and samples far beyond full scale are refused or give finite, playable samples.";
        "Somebody will turn every knob to its end, and a broken neighbour will send anything.";
        "Clamp inside the algorithm, refuse what cannot be in `activate`, and look for divisions, logarithms and feedback without a bound."
    WRITES_PAST_ITS_BUFFER 2 "writes-past-its-buffer":
        "It touches nothing outside the buffers that it is passed.";
        "What lies beside the buffer belongs to somebody else. Such a write is found weeks later, elsewhere.";
        "Take the length from the call, not from a constant. In Rust use the slice."
    WRITES_TO_ITS_INPUT 2 "writes-to-its-input":
        "It does not change what it is passed to read.";
        "Others read the same block after it.";
        "Copy it in `activate`'s memory first, or write to the buffer that is meant for output."
    NOT_A_NUMBER 2 "not-a-number":
        "Good input never gives NaN, infinity or samples that cannot be played.";
        "One NaN in a mix silences everyone, and filters never forget it.";
        "Look for 0/0, the logarithm or root of something negative, and values used before they are set."
    DENORMALS 2 "denormals":
        "A signal that fades away ends in zeros, not in numbers too small to be normal.";
        "Arithmetic on denormal numbers is up to a hundred times slower on many processors: a plugin that is fast in speech becomes slow in silence.";
        "Set state below 1e-15 to zero, or add and take away a tiny constant."
    SILENT 2 "silent":
        "A voice that comes in comes out.";
        "Whatever a processor does, people must hear one another.";
        "See that the output is written in every block from the first, whatever the parameters are by default."
    NOISE 2 "noise":
        "What comes out has to do with what comes in, and is not far louder.";
        "Full-scale noise hurts ears.";
        "See that the output is not memory that was never written, and that no feedback runs away."
    ALLOCATES 3 "allocates":
        "It does not allocate in methods tagged `[audio]` or `[network]`.";
        "The allocator may take a lock or call the kernel, and then a block is late once in an hour, on somebody else's machine.";
        "Make all memory in `create` and `activate`. The place that is named made the call."
    FREES 3 "frees":
        "It does not free memory in methods tagged `[audio]` or `[network]`.";
        "To free is to call the allocator, with all that follows.";
        "Keep buffers and reuse them; clear a vector instead of dropping it."
    LOCKS 3 "locks":
        "It takes no lock in methods tagged `[audio]` or `[network]`.";
        "Whoever holds the lock may have been taken off the processor: the audio thread then waits for a thread that does not run.";
        "Share nothing between instances, or share it through atomics. The host never calls one instance from two threads at once."
    CALLS_THE_SYSTEM 3 "calls-the-system":
        "It makes no system call in methods tagged `[audio]` or `[network]`: no file, no socket, no sleep, no thread.";
        "Any of them may block.";
        "Read files in `create` or `open`, draw randomness from the seed, and log from other methods. The first call of each block is named."
    READS_A_CLOCK 3 "reads-a-clock":
        "It reads no clock in methods tagged `[audio]` or `[network]`.";
        "Time is an argument: the same plugin runs in virtual time, where the machine's clock means nothing.";
        "Use `now`, or count samples."
    CALLS_THE_HOST 3 "calls-the-host":
        "It calls the host only from the classes of thread on which the host's function may be called.";
        "The host's log allocates and locks, so it must not be called on the audio thread.";
        "Count what happened, report it as a statistic, and log it in another method."
    LEAVES_THREADS 3 "leaves-threads":
        "When its last instance is gone, so are its threads.";
        "Threads of plugins that were swapped out would pile up while a call runs.";
        "Join them in `drop`. A processor needs none."
    LEAVES_DESCRIPTORS 3 "leaves-descriptors":
        "When its last instance is gone, so are its open files and sockets.";
        "A process may open only so many.";
        "Close them in `drop` or `close`."
    LATENCY 4 "latency":
        "The latency that it declares is the latency that it has, within half a millisecond.";
        "The host aligns what runs beside it, and the swap machine aligns predecessor and newcomer: a wrong figure makes an echo or a click.";
        "Declare the delay of the algorithm in samples at its own rate, after `activate` and for each format."
    DETERMINISM 4 "determinism":
        "If it says that it is deterministic, equal seed and equal input give equal output, in every run and in every process.";
        "Experiments in virtual time are repeatable only if every part is, and faults can be replayed only then.";
        "Seed all randomness from `Environment`, iterate over no hash map with random keys, and use no memory before it is written; or mark it `not_deterministic`."
    DEPENDS_ON_ADDRESSES 4 "depends-on-addresses":
        "Its output does not depend on where its buffers lie, or on what was in its memory before.";
        "It would be a different output in each run, though nothing changed that anybody can see.";
        "Initialise all memory, compare contents and not pointers, and take the same path for aligned and unaligned buffers."
    DEPENDS_ON_THE_CLOCK 4 "depends-on-the-clock":
        "Its output does not depend on the machine's clock.";
        "In virtual time a day passes in a minute.";
        "Use `now`; mark it `not_deterministic` if it cannot do without."
    HANDOVER 4 "handover":
        "What it hands over, its like takes over and hands over again: the state survives.";
        "A swap is not heard because the newcomer starts from what its predecessor had learnt.";
        "Set in `take_over` what you give in `hand_over`, keep it through `activate`, and leave unknown what you do not know."
    KEEPS_POINTERS 4 "keeps-pointers":
        "It keeps no pointer that it was passed beyond the call.";
        "The buffer belongs to the host, which uses it for something else or gives it back.";
        "Copy what is needed later."
    GROWS 4 "grows":
        "Its memory does not grow from block to block.";
        "A call may last for days.";
        "Bound every queue and history. The place that is named allocated what is left."
    LEAKS 5 "leaks":
        "10 000 instances that are made and destroyed leave nothing behind.";
        "Instances come and go with participants and swaps, and the host runs for months.";
        "Free in `destroy` what `create` and `activate` allocate. The place that is named allocated what is left."
    MISSES_DEADLINES 5 "misses-deadlines":
        "999 of 1 000 blocks of 10 ms take less than 5 ms of processor time; half of them far less.";
        "The watchdog bypasses a plugin that misses its deadline, and everyone else in the tick waits for it.";
        "Profile the block; spread rare work over many blocks; build with optimisation."
}
