;; A queue of work in a shared memory, on a lock and two conditions made of wait and notify.
;; 0: the lock (0 free, 1 taken, 2 taken and waited for); 4 and 8: counted up when there is something to take, or
;; room to put; 16, 20: how many were taken and put; 24: the sum of what was taken; 32: how many calls are done;
;; 1024: the ring of 16 places.
(module
  (import "env" "memory" (memory 1 1 shared))

  (func $lock
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))) (then (return)))
    (loop $again
      (if (i32.eqz (i32.atomic.rmw.xchg (i32.const 0) (i32.const 2))) (then (return)))
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))
      (br $again)))
  (func $unlock
    (if (i32.eq (i32.atomic.rmw.xchg (i32.const 0) (i32.const 0)) (i32.const 2))
      (then (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))

  ;; Gives the lock up until the condition is signalled, unless it was since.
  (func $sleep (param $condition i32) (local $seen i32)
    (local.set $seen (i32.atomic.load (local.get $condition)))
    (call $unlock)
    (drop (memory.atomic.wait32 (local.get $condition) (local.get $seen) (i64.const -1)))
    (call $lock))
  (func $signal (param $condition i32)
    (drop (i32.atomic.rmw.add (local.get $condition) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $condition) (i32.const 1))))

  (func $place (param $n i32) (result i32)
    (i32.add (i32.const 1024) (i32.shl (i32.and (local.get $n) (i32.const 15)) (i32.const 2))))
  (func $put (param $work i32)
    (call $lock)
    (block $room
      (loop $full
        (br_if $room (i32.lt_u (i32.sub (i32.load (i32.const 20)) (i32.load (i32.const 16))) (i32.const 16)))
        (call $sleep (i32.const 8))
        (br $full)))
    (i32.store (call $place (i32.load (i32.const 20))) (local.get $work))
    (i32.store (i32.const 20) (i32.add (i32.load (i32.const 20)) (i32.const 1)))
    (call $signal (i32.const 4))
    (call $unlock))
  (func $take (result i32) (local $work i32)
    (call $lock)
    (block $some
      (loop $empty
        (br_if $some (i32.ne (i32.load (i32.const 20)) (i32.load (i32.const 16))))
        (call $sleep (i32.const 4))
        (br $empty)))
    (local.set $work (i32.load (call $place (i32.load (i32.const 16)))))
    (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
    (call $signal (i32.const 8))
    (call $unlock)
    (local.get $work))

  ;; Puts n, n - 1, ... 1, and then a 0, which ends one of those who take.
  (func (export "produce") (param $n i32)
    (loop $next
      (call $put (local.get $n))
      (if (local.get $n)
        (then (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br $next))))
    (drop (i32.atomic.rmw.add (i32.const 32) (i32.const 1))))
  (func (export "consume") (local $work i32)
    (loop $next
      (local.set $work (call $take))
      (if (local.get $work)
        (then
          (drop (i64.atomic.rmw.add (i32.const 24) (i64.extend_i32_u (local.get $work))))
          (br $next))))
    (drop (i32.atomic.rmw.add (i32.const 32) (i32.const 1)))))
